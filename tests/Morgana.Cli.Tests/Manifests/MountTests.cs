using Morgana.Cli.Arguments;
using Morgana.Cli.Running;

namespace Morgana.Cli.Tests.Manifests;

/// <summary>What <c>--mount</c> says, and which target has what it needs.</summary>
public sealed class MountTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-mount-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static DeviceAttachment Mount(string text)
    {
        Assert.True(MountParser.TryParse(text, out var attachment), text);
        return attachment!;
    }

    private static RunSettings Settings(string target, params string[] mounts) => new() { Subject = "notes", Target = target, Devices = [.. mounts.Select(Mount)] };

    [Theory]
    [InlineData("/data=files", "directory", "files", null, false)]
    [InlineData("/data=a:b:ro", "directory", "a:b", null, true)]
    [InlineData("/app/data=disk:a.img", "disk", "a.img", null, false)]
    [InlineData("/srv/x-1/y_2.z=disk:a.img:64M", "disk", "a.img", 64L << 20, false)]
    [InlineData("/tmp=tar:a.tar", "tar", "a.tar", null, true)]
    public void A_mount_is_a_folder_a_disk_or_an_archive(string text, string holds, string path, long? size, bool isReadOnly)
    {
        var mount = Mount(text);
        Assert.Equal((text[..text.IndexOf('=')], holds, path, size, isReadOnly), (mount.Mount, mount.Holds, mount.Path, mount.Size, mount.IsReadOnly));
    }

    [Theory]
    [InlineData("data=files"), InlineData("/=files"), InlineData("/data"), InlineData("/data="), InlineData("/data=:ro"), InlineData("/data=disk:"), InlineData("/data=tar:"), InlineData("/data=disk:memory")]
    [InlineData("/a//b=x"), InlineData("/a/=x"), InlineData("/a/../b=x"), InlineData("/a;b=x"), InlineData("/a,b=x"), InlineData("/a b=x"), InlineData("/app=x"), InlineData("/proc/net=x"), InlineData("/dev=x"), InlineData("/etc=x")]
    public void What_is_no_mount_is_refused(string text) => Assert.False(MountParser.TryParse(text, out _));

    [Theory]
    [InlineData("sandbox"), InlineData("vm"), InlineData("linux-vm")]
    public void A_folder_is_refused_where_there_is_none_with_what_to_do(string target)
    {
        string message = Assert.Throws<CommandException>(() => ManifestCheck.CheckMounts(Settings(target, "/data=files"))).Message;
        Assert.Equal($"the target {target} has no folders of the host: --mount /data=files needs --target process; or mount a disk (/data=disk:FILE:64M) or an archive (/data=tar:FILE)", message);
        ManifestCheck.CheckMounts(Settings(target, "/data=disk:a.img", "/more=tar:a.tar"));
    }

    [Fact]
    public void Under_the_JIT_nothing_is_mounted() =>
        Assert.Contains("use --target process", Assert.Throws<CommandException>(() => ManifestCheck.CheckMounts(Settings("managed", "/data=disk:a.img"))).Message);

    [Fact]
    public void A_place_is_mounted_on_once() =>
        Assert.Equal("'/data' is attached twice", Assert.Throws<CommandException>(() => ManifestCheck.CheckRepeated(Settings("process", "/data=a", "/data=disk:b"))).Message);

    [Fact]
    public void The_guest_is_told_the_path_what_is_there_and_what_it_is_called()
    {
        string disk = Path.Combine(_folder, "a b;c.img"), folder = Path.Combine(_folder, "files");
        Directory.CreateDirectory(folder);
        using var attachments = Attachments.Open(Settings("process", $"/data={folder}:ro", $"/app/x=disk:{disk}:4M"), null, "fd", 4);
        Assert.Equal([$"mount0=directory,fd=4,readonly,mount=/data,holds=directory,from={Uri.EscapeDataString(folder)}", $"mount1=file,fd=5,mount=/app/x,holds=disk,from={Uri.EscapeDataString(disk)}"], attachments.Devices);
        Assert.DoesNotContain(attachments.Devices, d => d.Contains(' ') || d.Contains(';'));
        Assert.Equal(4 << 20, new FileInfo(disk).Length);
    }
}
