using System.Security.Cryptography;
using Morgana.Build;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>When an image is made again, and that it is the same one then.</summary>
public sealed class RebuildTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-rebuild-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task With_nothing_changed_an_image_starts_without_MSBuild()
    {
        await Image.OfAsync("samples/Noop");
        var dotnet = new FakeDotnet(_folder);
        Assert.Equal((3, "", ""), await RunAsync(dotnet, "samples/Noop"));
        Assert.False(dotnet.WasCalled);
    }

    [Fact]
    public async Task The_same_sources_make_the_same_image_elsewhere_and_every_change_makes_it_again()
    {
        string root = Path.Combine(_folder, "a folder with another name"), project = Path.Combine(root, "samples/Noop");
        foreach (string part in (string[])["Directory.Build.props", "Directory.Packages.props", "samples/Directory.Build.props", "samples/Directory.Build.targets", "samples/Noop", "src", ".editorconfig"])
            Copy(Path.Combine(MorganaCommand.Root, part), Path.Combine(root, part));
        string image = Path.Combine(_folder, "noop");
        var (status, _, error) = await MorganaCommand.RunAsync("build", project, "-o", image);
        Assert.True(status == 0, error);
        Assert.Equal(Hash(await Image.OfAsync("samples/Noop")), Hash(image));

        var dotnet = new FakeDotnet(_folder);
        string record = Path.Combine(project, "obj/morgana/image.fingerprint"), current = File.ReadAllText(record);
        Assert.Equal(3, (await RunAsync(dotnet, project)).Status);
        Assert.False(dotnet.WasCalled);

        (string What, Action Change)[] changes =
        [
            ("a source", () => File.AppendAllText(Path.Combine(project, "Program.cs"), "// more\n")),
            ("a source that is new", () => File.WriteAllText(Path.Combine(project, "Unused.cs"), "")),
            ("a source that is gone", () => File.Delete(Path.Combine(project, "Unused.cs"))),
            ("a file that may be embedded", () => File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(project, "wwwroot")).FullName, "page.html"), "<p>")),
            ("a package's version", () => Replace(Path.Combine(root, "Directory.Packages.props"), "Version=\"2.", "Version=\"3.")),
            ("the Sdk", () => File.AppendAllText(Path.Combine(root, "src/Morgana.Sdk/Sdk/Sdk.targets"), "<!-- more -->\n")),
        ];
        foreach (var (what, change) in changes)
        {
            change();
            (status, _, error) = await RunAsync(dotnet, project);
            Assert.True(dotnet.WasCalled, $"{what} has changed, and the image was not made again.");
            Assert.Equal(1, status);
            Assert.Contains("the stand-in for dotnet was called", error, StringComparison.Ordinal);
            // What is there now counts as built, so that the next change is the only one.
            File.WriteAllText(record, current = Renewed(current));
            Assert.Equal(3, (await RunAsync(dotnet.Forget(), project)).Status);
            Assert.False(dotnet.WasCalled);
        }

        string Renewed(string text)
        {
            string[] lines = text.Split('\n');
            lines[1] = Fingerprint.Take([.. lines[2..].Where(l => l.Length > 0)], dotnet.Path, out _).Hash;
            return string.Join('\n', lines);
        }
    }

    private static Task<(int Status, string Output, string Error)> RunAsync(FakeDotnet dotnet, string project) => MorganaCommand.RunAsync(new CommandSettings
    {
        Arguments = ["run", project, "--net", "none", "--", "3"],
        Environment = new Dictionary<string, string?> { ["DOTNET_HOST_PATH"] = dotnet.Path },
    });

    private static void Replace(string file, string from, string to)
    {
        string text = File.ReadAllText(file);
        Assert.Contains(from, text, StringComparison.Ordinal);
        File.WriteAllText(file, text.Replace(from, to, StringComparison.Ordinal));
    }

    private static string Hash(string file) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)));

    private static void Copy(string from, string to)
    {
        if (File.Exists(from))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(from, to);
            return;
        }

        foreach (string entry in Directory.GetFileSystemEntries(from))
            if (Path.GetFileName(entry) is not ("bin" or "obj")) Copy(entry, Path.Combine(to, Path.GetFileName(entry)));
    }

    /// <summary>Stands where dotnet is looked for, has the same SDKs, and tells when it is called.</summary>
    private sealed class FakeDotnet
    {
        private readonly string _marker;

        public FakeDotnet(string folder)
        {
            string real = DotnetCommand.Find();
            string sdks = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(File.ResolveLinkTarget(real, returnFinalTarget: true)?.FullName ?? real)!, "sdk");
            string place = Directory.CreateDirectory(System.IO.Path.Combine(folder, "fake")).FullName;
            Directory.CreateSymbolicLink(System.IO.Path.Combine(place, "sdk"), sdks);
            Path = System.IO.Path.Combine(place, "dotnet");
            _marker = System.IO.Path.Combine(place, "called");
            File.WriteAllText(Path, $"#!/bin/sh\n: > '{_marker}'\necho 'error : the stand-in for dotnet was called'\nexit 1\n");
            File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        public string Path { get; }

        public bool WasCalled => File.Exists(_marker);

        public FakeDotnet Forget()
        {
            File.Delete(_marker);
            return this;
        }
    }
}
