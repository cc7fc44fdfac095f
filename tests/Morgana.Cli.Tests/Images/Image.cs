using System.Collections.Concurrent;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>Images as the command makes them: each is made once, and all tests share it.</summary>
internal static class Image
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<string>>> s_images = new();

    /// <summary>The image of a project of the repository, where every user may read it.</summary>
    public static Task<string> OfAsync(string project) => s_images.GetOrAdd(project, _ => new(() => MakeAsync(project))).Value;

    /// <summary>What the linker knew of the image's functions and types: kept beside it, since the image itself is stripped.</summary>
    public static async Task<byte[]> SymbolsAsync(string project)
    {
        await OfAsync(project);
        return await File.ReadAllBytesAsync(Path.Combine(MorganaCommand.Root, project, "obj/morgana/publish", Path.GetFileName(project) + ".dbg"));
    }

    private static async Task<string> MakeAsync(string project)
    {
        string folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "images")).FullName;
        string image = Path.Combine(folder, Path.GetFileName(project));
        var (status, output, error) = await MorganaCommand.RunAsync("build", project, "-o", image);
        Assert.True(status == 0, error);
        Assert.StartsWith(image + ": ", output, StringComparison.Ordinal);
        return image;
    }
}
