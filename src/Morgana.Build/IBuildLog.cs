namespace Morgana.Build;

/// <summary>Hears how a build goes on. Called from any thread, one call at a time.</summary>
public interface IBuildLog
{
    /// <summary>A long piece of work begins; it ends with <see cref="Finished"/> or an exception from the build.</summary>
    void Started(string work);

    /// <summary>What the work has come to.</summary>
    void Step(string step);

    /// <summary>The work is done.</summary>
    void Finished(string work, TimeSpan elapsed);

    /// <summary>A compiler's warning.</summary>
    void Warning(string line);
}
