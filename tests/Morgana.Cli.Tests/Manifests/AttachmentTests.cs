using System.Text;
using Morgana.Build.Manifests;
using Morgana.Cli.Arguments;
using Morgana.Cli.Running;

namespace Morgana.Cli.Tests.Manifests;

/// <summary>What <c>run</c> attaches, against what the image asks for: one line that says what to do, before anything starts.</summary>
public sealed class AttachmentTests : IDisposable
{
    private static readonly Manifest s_manifest = Manifest.Parse(Encoding.ASCII.GetBytes(ManifestFileTests.Whole), "notes");
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-block-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Disk => Path.Combine(_folder, "disk.img");

    private static DeviceAttachment Block(string text)
    {
        Assert.True(DeviceAttachment.TryParseBlock(text, out var attachment), text);
        return attachment!;
    }

    private static SecretSource Secret(string text)
    {
        Assert.True(SecretSource.TryParse(text, out var secret), text);
        return secret!;
    }

    private RunSettings Settings(params string[] blocks) => new() { Subject = "notes", Devices = [.. blocks.Select(Block)], Secrets = [Secret("data-key=env:PATH")] };

    private static string Refuse(RunSettings settings, Manifest? manifest) => Assert.Throws<CommandException>(() => Attachments.Open(settings, manifest, "fd", 4)).Message;

    [Theory]
    [InlineData("disk=a.img", "file", "a.img", null, false)]
    [InlineData("disk=a.img:64M", "file", "a.img", 64L << 20, false)]
    [InlineData("disk=a:b.img:ro", "file", "a:b.img", null, true)]
    [InlineData("disk=memory:1M", "memory", null, 1L << 20, false)]
    public void A_block_device_is_a_file_or_memory(string text, string driver, string? path, long? size, bool isReadOnly)
    {
        var block = Block(text);
        Assert.Equal((driver, path, size, isReadOnly), (block.Driver, block.Path, block.Size, block.IsReadOnly));
    }

    [Theory, InlineData("disk"), InlineData("=a"), InlineData("disk="), InlineData("di;sk=a"), InlineData("disk=a:0"), InlineData("disk=a:100")]
    public void What_is_no_block_device_is_refused(string text) => Assert.False(DeviceAttachment.TryParseBlock(text, out _));

    [Fact]
    public void A_file_is_made_if_its_size_is_said_and_used_again_without()
    {
        using (var made = Attachments.Open(Settings($"disk={Disk}:1M"), s_manifest, "fd", 4))
        {
            Assert.Equal(["disk=file,fd=4"], made.Devices);
            Assert.Equal(["MORGANA_SECRETS=fd=5"], made.Environment);
            Assert.Equal(2, made.Descriptors.Count());
        }

        Assert.Equal(1 << 20, new FileInfo(Disk).Length);
        using var again = Attachments.Open(Settings($"disk={Disk}"), s_manifest, "fd", 4);
        Assert.Equal(["disk=file,fd=4"], again.Devices);
    }

    [Fact]
    public void In_a_virtual_machine_a_disk_has_a_number_instead_of_a_descriptor()
    {
        using var attachments = Attachments.Open(Settings($"disk={Disk}:1M"), s_manifest, "uio", 1);
        Assert.Equal(["disk=file,uio=1"], attachments.Devices);
    }

    [Fact]
    public void A_file_that_is_not_there_needs_a_size() => Assert.Contains("say how large", Refuse(Settings($"disk={Disk}"), s_manifest));

    [Fact]
    public void A_file_that_is_too_small_is_refused()
    {
        File.WriteAllBytes(Disk, new byte[4096]);
        Assert.Contains("too small: it has 4096 octets, and 1048576 are asked for", Refuse(Settings($"disk={Disk}:1M"), s_manifest));
        File.WriteAllBytes(Disk, new byte[700]);
        Assert.Contains("no whole number of sectors", Refuse(Settings($"disk={Disk}"), s_manifest));
    }

    [Fact]
    public void A_file_that_another_guest_has_is_busy()
    {
        using var first = Attachments.Open(Settings($"disk={Disk}:1M"), s_manifest, "fd", 4);
        Assert.Contains("busy", Refuse(Settings($"disk={Disk}"), s_manifest));
    }

    [Fact]
    public void A_file_stays_busy_as_long_as_the_guest_has_it_when_the_runners_copy_is_closed()
    {
        var first = Attachments.Open(Settings($"disk={Disk}:1M"), s_manifest, "fd", 4);
        int guests = Libc.Control(first.Descriptors.First(), Libc.DuplicateCloseOnExec, 100);
        first.Dispose();
        try
        {
            Assert.Contains("busy", Refuse(Settings($"disk={Disk}"), s_manifest));
        }
        finally
        {
            _ = Libc.Close(guests);
        }

        using var second = Attachments.Open(Settings($"disk={Disk}"), s_manifest, "fd", 4);
        Assert.NotEmpty(second.Descriptors);
    }

    [Fact]
    public void A_file_that_another_program_has_locked_is_busy()
    {
        File.WriteAllBytes(Disk, new byte[4096]);
        using var other = File.OpenHandle(Disk, FileMode.Open, FileAccess.Read, FileShare.Read);
        Assert.Contains("is busy: another guest or program has it open", Refuse(Settings($"disk={Disk}"), s_manifest));
    }

    [Fact]
    public void A_file_that_cannot_be_written_says_how_to_attach_it()
    {
        // One that nobody may write, whoever runs the tests, and where sysfs is mounted for reading alone as well.
        const string file = "/sys/kernel/uevent_seqnum";
        Assert.Contains($"attach it as disk={file}:ro", Refuse(Settings($"disk={file}"), s_manifest));
    }

    [Fact]
    public void A_file_that_cannot_be_made_says_why() =>
        Assert.Contains("cannot be made: Could not find a part of the path", Refuse(Settings($"disk={_folder}/no/such/disk.img:1M"), s_manifest));

    [Fact]
    public void A_folder_is_no_disk() => Assert.Contains("is a folder", Refuse(Settings($"disk={_folder}"), s_manifest));

    [Fact]
    public void A_file_can_be_attached_for_reading_alone()
    {
        File.WriteAllBytes(Disk, new byte[4096]);
        using var attachments = Attachments.Open(Settings($"disk={Disk}:ro"), s_manifest, "fd", 4);
        Assert.Equal(["disk=file,fd=4,readonly"], attachments.Devices);
    }

    [Fact]
    public void A_device_attached_twice_is_refused() => Assert.Equal("'disk' is attached twice", Refuse(Settings("disk=memory", "disk=memory"), s_manifest));

    [Fact]
    public void A_device_that_nobody_asked_for_is_refused() => Assert.Contains("has no device 'dsk'; it has disk (block), net0 (network)", Refuse(Settings("dsk=memory", "disk=memory"), s_manifest));

    [Fact]
    public void A_device_of_the_wrong_type_is_refused() => Assert.Contains("net0 is a network device", Refuse(Settings("net0=memory", "disk=memory"), s_manifest));

    [Fact]
    public void A_driver_that_the_image_does_not_have_is_refused()
    {
        Assert.True(DeviceAttachment.TryParseDevice("disk=virtio", out var device));
        Assert.Contains("has no driver 'virtio' for disk; it has file, memory", Refuse(Settings() with { Devices = [device!] }, s_manifest));
    }

    [Fact]
    public void A_block_device_is_attached_as_one_with_the_lock_that_goes_with_it()
    {
        Assert.True(DeviceAttachment.TryParseDevice($"disk=file:{Disk}", out var device));
        Assert.Contains($"attach it with --block disk={Disk}", Refuse(Settings() with { Devices = [device!] }, s_manifest));
    }

    [Fact]
    public void Help_is_given_without_devices_secrets_and_network()
    {
        var settings = new RunSettings { Subject = "notes", BootArguments = ["--help"], Networks = [new(NetworkKind.None)] };
        using var attachments = Attachments.Open(settings, s_manifest, "fd", 4);
        Assert.Empty(attachments.Devices);
    }

    [Fact]
    public void A_device_that_is_missing_is_named_with_its_option() => Assert.Contains("add --block disk=FILE:SIZE", Refuse(Settings(), s_manifest));

    [Fact]
    public void A_secret_that_is_missing_or_unknown_is_named()
    {
        var settings = Settings("disk=memory");
        Assert.Contains("add --secret data-key=FILE", Refuse(settings with { Secrets = [] }, s_manifest));
        Assert.Contains("has no secret 'other'", Refuse(settings with { Secrets = [.. settings.Secrets, Secret("other=x")] }, s_manifest));
        Assert.Contains("the variable is not set", Refuse(settings with { Secrets = [Secret("data-key=env:MORGANA_NO_SUCH_VARIABLE")] }, s_manifest));
    }

    [Fact]
    public void A_network_that_is_missing_or_not_asked_for_is_refused()
    {
        Assert.Contains("leave out --net none", Refuse(Settings("disk=memory") with { Networks = [new(NetworkKind.None)] }, s_manifest));
        var withoutNetwork = s_manifest with { Devices = [s_manifest.Devices[0]] };
        Assert.Contains("has no network device", Refuse(Settings("disk=memory") with { IsNetworkExplicit = true }, withoutNetwork));
    }

    [Fact]
    public void A_target_that_the_image_does_not_declare_is_refused() =>
        Assert.Equal("notes does not run on the target sandbox; it runs on process, managed", Refuse(Settings("disk=memory") with { Target = "sandbox" }, s_manifest));

    [Fact]
    public void An_image_that_needs_a_newer_Morgana_is_refused() =>
        Assert.Contains("notes needs Morgana 99.0.0", Refuse(Settings("disk=memory"), s_manifest with { MinimumVersion = "99.0.0" }));

    [Fact]
    public void An_image_whose_minimum_is_no_version_is_refused() =>
        Assert.Contains("needs Morgana 'new', which is no version", Refuse(Settings("disk=memory"), s_manifest with { MinimumVersion = "new" }));

    [Fact]
    public void An_image_without_a_manifest_asks_for_nothing() => Assert.Contains("has no manifest", Refuse(Settings("disk=memory"), null));

    [Fact]
    public void A_guest_under_the_JIT_does_not_inherit_the_variable_of_a_secret()
    {
        Assert.Contains(ManagedTarget.Environment(Settings() with { Secrets = [] }, []), v => v.StartsWith("PATH=", StringComparison.Ordinal));
        Assert.DoesNotContain(ManagedTarget.Environment(Settings(), []), v => v.StartsWith("PATH=", StringComparison.Ordinal));
    }

    [Fact]
    public void A_secret_is_taken_out_of_the_environment_before_anything_is_started()
    {
        string variable = "MORGANA_TEST_SECRET_" + Guid.NewGuid().ToString("n");
        Environment.SetEnvironmentVariable(variable, "open sesame");
        var taken = SecretSource.Take([Secret($"data-key=env:{variable}"), Secret($"again=env:{variable}")]);
        Assert.All(taken, s => Assert.Equal("open sesame", s.Value));
        Assert.Null(Environment.GetEnvironmentVariable(variable));
        using var attachments = Attachments.Open(Settings("disk=memory") with { Secrets = [taken[0]] }, s_manifest, "fd", 4);
        Assert.Single(attachments.Descriptors);
    }

    [Fact]
    public void Secrets_are_handed_over_in_a_file_without_a_name()
    {
        string file = Path.Combine(_folder, "key");
        File.WriteAllText(file, "open sesame\n");
        using var attachments = Attachments.Open(Settings("disk=memory") with { Secrets = [Secret($"data-key={file}")] }, s_manifest, "fd", 4);
        int descriptor = Assert.Single(attachments.Descriptors);
        Assert.EndsWith(" (deleted)", new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget);
        Assert.Equal("data-key=" + Convert.ToBase64String("open sesame\n"u8) + "\n", File.ReadAllText($"/proc/self/fd/{descriptor}"));
        Assert.DoesNotContain(attachments.Environment.Concat(attachments.Devices), e => e.Contains("sesame", StringComparison.Ordinal));
    }
}
