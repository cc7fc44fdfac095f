using Morgana.Cli.Running;

namespace Morgana.Cli.Tests.Running;

/// <summary>The Website's image, built once.</summary>
public sealed class WebsiteImage : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-website-").FullName;

    public string Path => System.IO.Path.Combine(_folder, "website");

    public async Task InitializeAsync()
    {
        var (status, _, error) = await MorganaCommand.RunAsync("build", "unikernels/Website", "-o", Path);
        Assert.True(status == 0, error);
    }

    public Task DisposeAsync()
    {
        Directory.Delete(_folder, recursive: true);
        return Task.CompletedTask;
    }
}

/// <summary>A test which needs the right to make a control group, and wrk.</summary>
public sealed class LoadFactAttribute : FactAttribute
{
    public LoadFactAttribute()
    {
        using var limit = MemoryLimit.TryCreate(64 << 20);
        string? missing = Needs.Missing(["wrk"]);
        if (limit is null) Skip = "needs the right to make a control group for memory: run it as root";
        else Skip = missing;
    }
}
