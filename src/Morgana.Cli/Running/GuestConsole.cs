namespace Morgana.Cli.Running;

/// <summary>What a process reads and writes: its standard input, and perhaps a terminal of its own.</summary>
internal abstract class GuestConsole : IDisposable
{
    /// <summary>What it reads; unused where it has a terminal.</summary>
    public virtual int Input => -1;

    /// <summary>The terminal that it opens as standard input and output; null where it has the runner's own output.</summary>
    public virtual string? Terminal => null;

    /// <summary>Whether its errors go to the terminal, too.</summary>
    public virtual bool HasErrors => false;

    /// <summary>Variables that tell it of its terminal.</summary>
    public virtual string[] Environment => [];

    /// <summary>A terminal where the user sits at one and the guest may have it; else a pipe.</summary>
    /// <param name="isPossible">Whether a guest of this kind could open a terminal, and would know what to do with it.</param>
    public static GuestConsole Open(bool isPossible) => (isPossible ? GuestTerminal.TryOpen() : null) ?? (GuestConsole)new GuestInput();

    /// <summary>The guest has its side now.</summary>
    public abstract void Begin();

    /// <summary>The guest has ended: waits until all that it wrote has been shown.</summary>
    public virtual Task EndAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public abstract void Dispose();
}
