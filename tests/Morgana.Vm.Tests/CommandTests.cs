using System.Buffers.Binary;
using Morgana.Build;
using Morgana.Build.Manifests;
using Morgana.Cli;
using Morgana.Cli.Running;
using Morgana.Cli.Running.Vm;

namespace Morgana.Vm.Tests;

/// <summary>What the command hands to the monitor, without one.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-vm-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Words_with_spaces_quotes_and_backslashes_are_quoted() =>
        Assert.Equal("""dma=1 A=b "C=d e" -- x "" "say \"a\\b\"" """.TrimEnd(), KernelCommandLine.Format(["dma=1"], ["A=b", "C=d e"], ["x", "", "say \"a\\b\""]));

    [Fact]
    public void More_than_the_kernel_takes_is_refused() =>
        Assert.Equal(ExitStatus.Usage, Assert.Throws<CommandException>(() => KernelCommandLine.Format([], [], [new string('x', KernelCommandLine.MaxLength)])).Status);

    [Theory, InlineData(5, 2), InlineData(20, 11), InlineData(48, 22), InlineData(64, 11), InlineData(64, 22), InlineData(1024, 11)]
    public void Memory_is_shared_out(int megabytes, int image)
    {
        var (dma, heap) = KernelCommandLine.Share((long)megabytes << 20, (long)image << 20);
        Assert.Equal(0, dma % 4096);
        Assert.InRange(dma, 512 << 10, Math.Max(512 << 10, megabytes << 18));
        Assert.True(heap >= 8 << 20);
        // What runs beside the heap has room too: a web application needed 7 MB for it.
        if (megabytes >= 48) Assert.True(dma + heap + ((long)image << 20) + (7 << 20) < (long)megabytes << 20);
        Assert.InRange(KernelCommandLine.Share((long)megabytes << 20, (long)image << 20, disks: 3).Heap, 8 << 20, heap);
        // Several networks have what one would have had, as long as that is enough for each.
        var (each, left) = KernelCommandLine.Share((long)megabytes << 20, (long)image << 20, networks: 3);
        Assert.InRange(each * 3, 3 << 19, Math.Max(3 << 19, dma));
        Assert.InRange(left, 8 << 20, heap + (3 * 4096));
    }

    [Fact]
    public void The_monitor_gets_what_the_kernel_drives_and_nothing_else()
    {
        var vm = new VmSettings { Image = "x.elf", Memory = 64 << 20, Accelerator = "tcg", CommandLine = "-- a", ConsoleDescriptor = 3, StatusDescriptor = 4, Networks = [new(5, IsTap: false, 65520, "02:00:0a:00:02:0f")] };
        string micro = string.Join(' ', QemuCommand.Arguments(vm));
        Assert.Contains("-nodefaults", micro, StringComparison.Ordinal);
        Assert.Contains("-m 65536K", micro, StringComparison.Ordinal);
        Assert.Contains("stream,id=link0,addr.type=fd,addr.str=5", micro, StringComparison.Ordinal);
        Assert.Contains("virtio-net-device,netdev=link0,host_mtu=65520,mac=02:00:0a:00:02:0f", micro, StringComparison.Ordinal);
        string q35 = string.Join(' ', QemuCommand.Arguments(vm with { Machine = "q35", Processors = 2, Networks = [new(5, IsTap: false, 65520, ""), new(6, IsTap: true, 1400, "")] }));
        Assert.Contains("virtio-net-pci,disable-legacy=on", q35, StringComparison.Ordinal);
        Assert.Contains("tap,id=link1,fd=6", q35, StringComparison.Ordinal);
        Assert.Contains("-M q35,sata=off", q35, StringComparison.Ordinal);
        Assert.Contains("-smp 2", q35, StringComparison.Ordinal);
        Assert.Contains("-bios qboot.rom", q35, StringComparison.Ordinal);
        Assert.DoesNotContain("-bios", string.Join(' ', QemuCommand.Arguments(vm with { Machine = "q35", IsDisk = true })), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_user_says_is_typed_as_the_kernel_gives_room_with_keys_quoted()
    {
        Assert.Equal([(byte)'a', 0x16, 3, 0x16, 4, 0x16, 0x16, 0x16, 0x1c, 5], GuestTyping.Quote([(byte)'a', 3, 4, 0x16, 0x1c, 5]));

        using var line = new GuestLine();
        using var guest = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(line.Descriptor, ownsHandle: false), FileAccess.ReadWrite, bufferSize: 0);
        var typing = new GuestTyping(line);
        byte[] octets = new byte[2500], heard = new byte[octets.Length];
        new Random(1).NextBytes(octets);
        for (int i = 0; i < octets.Length; i++) octets[i] |= 0x20;
        var saying = Task.Run(() => typing.Type(octets));
        for (int done = 0; done < octets.Length;)
        {
            typing.Grant();
            int room = Math.Min(1024, octets.Length - done);
            await guest.ReadExactlyAsync(heard.AsMemory(done, room));
            done += room;
        }

        await saying;
        Assert.Equal(octets, heard);
    }

    [Fact]
    public void An_entropy_device_is_the_last_of_all()
    {
        var vm = new VmSettings { Image = "x.elf", Memory = 64 << 20, Accelerator = "kvm", CommandLine = "-- a", ConsoleDescriptor = 3, StatusDescriptor = 4, Disks = [new(5, false)], HasEntropyDevice = true };
        Assert.EndsWith("-device virtio-blk-device,drive=disk0,serial=disk0 -device virtio-rng-device", string.Join(' ', QemuCommand.Arguments(vm)), StringComparison.Ordinal);
        Assert.EndsWith("-device virtio-rng-pci,disable-legacy=on", string.Join(' ', QemuCommand.Arguments(vm with { Machine = "q35" })), StringComparison.Ordinal);
        Assert.True(Accelerator.HasRandomNumbers("tcg"));
    }

    [Fact]
    public void A_virtio_console_shares_the_stream_of_the_serial_line_and_input_has_its_own()
    {
        var vm = new VmSettings { Image = "x.elf", Memory = 64 << 20, Accelerator = "tcg", CommandLine = "-- a", ConsoleDescriptor = 3, StatusDescriptor = 4 };
        string plain = string.Join(' ', QemuCommand.Arguments(vm)), shared = string.Join(' ', QemuCommand.Arguments(vm with { InputDescriptor = 7 }));
        Assert.Contains("socket,id=console,fd=3 ", plain, StringComparison.Ordinal);
        Assert.DoesNotContain("virtserialport", plain, StringComparison.Ordinal);
        Assert.Contains("socket,id=console,fd=3,mux=on ", shared, StringComparison.Ordinal);
        Assert.Contains("virtserialport,chardev=console,nr=1 -serial chardev:console", shared, StringComparison.Ordinal);
        Assert.Contains("socket,id=input,fd=7 -device isa-serial,chardev=input,index=1", shared, StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_are_a_descriptor_too()
    {
        var vm = new VmSettings { Image = "x.elf", Memory = 64 << 20, Accelerator = "tcg", CommandLine = "-- a", ConsoleDescriptor = 3, StatusDescriptor = 4, Disks = [new(5, false)], SecretsDescriptor = 6 };
        Assert.Contains("-fw_cfg name=opt/morgana/secrets,file=/dev/fd/6", string.Join(' ', QemuCommand.Arguments(vm)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_is_a_descriptor_that_the_monitor_takes_over()
    {
        var vm = new VmSettings { Image = "x.elf", Memory = 64 << 20, Accelerator = "tcg", CommandLine = "-- a", ConsoleDescriptor = 3, StatusDescriptor = 4, Disks = [new(5, false), new(6, true)] };
        string micro = string.Join(' ', QemuCommand.Arguments(vm)), q35 = string.Join(' ', QemuCommand.Arguments(vm with { Machine = "q35" }));
        Assert.Contains("-add-fd set=0,fd=5 ", micro, StringComparison.Ordinal);
        Assert.Contains("-add-fd set=1,fd=6 ", micro, StringComparison.Ordinal);
        Assert.Contains("file=/dev/fdset/1,file.locking=off,cache=writeback,discard=unmap,werror=report,rerror=report,auto-read-only=off,readonly=on", micro, StringComparison.Ordinal);
        Assert.Contains("virtio-blk-device,drive=disk1", micro, StringComparison.Ordinal);
        Assert.Contains("virtio-blk-pci,disable-legacy=on,drive=disk0", q35, StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_is_the_kernel_with_the_application_behind_it()
    {
        string kernel = Write("kernel", Kernel()), application = Write("application", Application()), image = Path.Combine(_folder, "image");
        VirtualMachineImage.Create(kernel, application, image);
        byte[] octets = File.ReadAllBytes(image);

        Assert.True(VirtualMachineImage.IsOne(image));
        Assert.False(VirtualMachineImage.IsOne(application));
        var segments = VirtualMachineImage.Segments(octets);
        Assert.Equal(3, segments.Count);
        Assert.Equal(0x102000UL, segments[1].Physical);
        Assert.Equal(0UL, segments[1].Offset % 4096);
        Assert.Equal(File.ReadAllBytes(application), VirtualMachineImage.GetApplication(octets).ToArray());
        int mark = octets.AsSpan().IndexOf("Morgana image at"u8) + 16;
        Assert.Equal((0x102000UL, (ulong)Application().Length), (BinaryPrimitives.ReadUInt64LittleEndian(octets.AsSpan(mark)), BinaryPrimitives.ReadUInt64LittleEndian(octets.AsSpan(mark + 8))));
    }

    [Fact]
    public void What_is_no_kernel_is_refused()
    {
        byte[] unmarked = Kernel();
        unmarked.AsSpan(0x1010).Clear();
        string application = Write("application", Application()), image = Path.Combine(_folder, "image");
        foreach (byte[] octets in new[] { unmarked, [1, 2, 3], Kernel()[..80] })
            Assert.Throws<BuildException>(() => VirtualMachineImage.Create(Write("kernel", octets), application, image));
        Assert.False(File.Exists(image));
    }

    [Fact]
    public void The_applications_notes_are_the_images_too()
    {
        string image = Path.Combine(_folder, "image");
        VirtualMachineImage.Create(Write("kernel", Kernel()), Write("application", Application()), image);
        byte[] octets = File.ReadAllBytes(image);
        var note = VirtualMachineImage.Segments(octets)[2];
        Assert.Equal((4U, 16UL), (note.Type, note.FileSize));
        Assert.Equal("What a note has."u8.ToArray(), octets.AsSpan((int)note.Offset, 16).ToArray());
        Assert.True(ImageFacts.Read(image).IsBootable);
        Assert.Empty(ImageFacts.Read(image).SystemCalls);
    }

    [Fact]
    public void Whatever_changes_in_an_image_is_seen_before_it_starts()
    {
        string file = Path.Combine(_folder, "image");
        VirtualMachineImage.Create(Write("kernel", Kernel()), Write("application", Application()), file);
        byte[] image = File.ReadAllBytes(file);
        VirtualMachineImage.Verify(image);
        for (int bit = 0; bit < image.Length * 8; bit += bit < 16_384 ? 1 : 61)
        {
            image[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.Throws<BuildException>(() => VirtualMachineImage.Verify(image));
            image[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Theory, InlineData(1), InlineData(2)]
    public void A_damaged_image_or_disk_is_refused_and_does_nothing_worse(int seed)
    {
        string image = Path.Combine(_folder, "image"), disk = Path.Combine(_folder, "disk"), damaged = Path.Combine(_folder, "damaged");
        VirtualMachineImage.Create(Write("kernel", Kernel()), Write("application", Application()), image);
        DiskImage.Create(image, Write("loader", DiskImageTests.Loader()), "-- a", disk);
        var random = new Random(seed);
        foreach (string whole in new[] { image, disk })
        {
            // A disk ends in zeros that nobody reads, and its loader is a program.
            int first = whole == disk ? DiskImage.ImageOffset : 0;
            byte[] octets = File.ReadAllBytes(whole)[..(first + (int)new FileInfo(image).Length)];
            for (int i = 0; i < 150; i++)
            {
                bool isCut = i % 3 == 0;
                byte[] changed = octets[..(isCut ? random.Next(octets.Length) : octets.Length)];
                if (!isCut) changed[random.Next(first, i % 3 == 1 ? first + 256 : octets.Length)] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(damaged, changed);
                string what = $"seed {seed}, {Path.GetFileName(whole)} {i}";
                Assert.True(Record.Exception(() => ImageFacts.Read(damaged)) is BuildException, what);
                // The manifest is looked for in whatever is named.
                Assert.True(Record.Exception(() => ManifestFile.Read(damaged)) is null or BuildException, what);
            }
        }
    }

    private string Write(string name, byte[] octets)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, octets);
        return path;
    }

    // A file with nothing but a note.
    internal static byte[] Application()
    {
        byte[] file = new byte[5000];
        "\u007fELF"u8.CopyTo(file);
        file[32] = 64;
        file[54] = 56;
        file[56] = 1;
        file[64] = 4;
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(64 + 8), 0x200);
        BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(64 + 32), 16);
        "What a note has."u8.CopyTo(file.AsSpan(0x200));
        return file;
    }

    // One segment of 0x1800 octets in memory, at 1 MB, with the mark in it.
    internal static byte[] Kernel()
    {
        byte[] file = new byte[0x1100];
        "\u007fELF"u8.CopyTo(file);
        Put(24, 0xffff_ffff_8010_0000);
        Put(32, 64);
        file[54] = 56;
        file[56] = 1;
        file[64] = 1;
        Put(64 + 8, 0x1000);
        Put(64 + 16, 0xffff_ffff_8010_0000);
        Put(64 + 24, 0x10_0000);
        Put(64 + 32, 0x100);
        Put(64 + 40, 0x1800);
        "Morgana image at"u8.CopyTo(file.AsSpan(0x1020));
        return file;

        void Put(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);
    }
}
