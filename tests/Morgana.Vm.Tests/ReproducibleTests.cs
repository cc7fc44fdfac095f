namespace Morgana.Vm.Tests;

/// <summary>The same sources make the same octets, wherever they lie.</summary>
public sealed class ReproducibleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-copy-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [VmFact]
    public async Task Kernel_loader_and_image_are_the_same_from_another_folder()
    {
        foreach (string file in Directory.EnumerateFiles(MorganaCommand.Root, "Directory.*")) Copy(file);
        foreach (string file in Directory.EnumerateFiles(Path.Combine(MorganaCommand.Root, "samples"), "Directory.*")) Copy(file);
        foreach (string folder in new[] { "src", "samples/Noop" })
            foreach (string file in Directory.EnumerateFiles(Path.Combine(MorganaCommand.Root, folder), "*", SearchOption.AllDirectories)) Copy(file);

        var (status, output, _) = await MorganaCommand.RunAsync(new CommandSettings
        {
            Program = "dotnet",
            Arguments = ["build", Path.Combine(_folder, "src/Morgana.Kernel"), "-c", "Release", "-v", "q", "-nodeReuse:false"],
        });
        Assert.True(status == 0, output);
        foreach (string made in new[] { "kernel.elf", "loader.bin" }) AssertSame(Path.Combine(MorganaCommand.Root, "src/Morgana.Kernel/bin", made), Path.Combine(_folder, "src/Morgana.Kernel/bin", made));

        string image = Path.Combine(_folder, "noop.elf");
        (status, _, string error) = await MorganaCommand.RunAsync("build", Path.Combine(_folder, "samples/Noop"), "--target", "vm", "-o", image);
        Assert.True(status == 0, error);
        AssertSame(await VirtualMachine.NoopAsync(), image);
    }

    private static void AssertSame(string here, string there) => Assert.True(File.ReadAllBytes(here).AsSpan().SequenceEqual(File.ReadAllBytes(there)), $"{there} differs from {here}");

    private void Copy(string file)
    {
        string relative = Path.GetRelativePath(MorganaCommand.Root, file);
        if (relative.Split('/').Any(part => part is "bin" or "obj")) return;
        string to = Path.Combine(_folder, relative);
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        File.Copy(file, to);
    }
}
