using System.Globalization;

namespace Morgana.Cli.Running.Vm;

/// <summary>QEMU's command line for a virtual machine: nothing but what the kernel drives.</summary>
internal static class QemuCommand
{
    public const string Program = "qemu-system-x86_64";

    /// <summary>The arguments that follow the program's name.</summary>
    public static IReadOnlyList<string> Arguments(VmSettings vm)
    {
        bool isMicroVm = vm.Machine == "microvm";
        var arguments = new List<string>
        {
            // Without -nodefaults and -no-user-config there would be devices that nobody asked for.
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            // Firmware looks after each of these of q35's, which takes a fifth of all the time until the guest's first line.
            "-M", isMicroVm ? "microvm,auto-kernel-cmdline=off" : vm.Machine == "q35" ? $"q35,sata={(vm.IsDisk ? "on" : "off")},smbus=off,smm=off,hpet=off,vmport=off" : vm.Machine,
            "-accel", vm.Accelerator == "tcg" && vm.Processors > 1 ? "tcg,thread=multi" : vm.Accelerator,
            "-cpu", vm.Accelerator == "kvm" ? "host" : "max",
            "-smp", Number(vm.Processors),
            "-m", Number(vm.Memory >> 10) + "K",
            "-chardev", $"socket,id=console,fd={Number(vm.ConsoleDescriptor)}{(vm.InputDescriptor is null ? "" : ",mux=on")}",
            // Where the guest says how it ended: Morgana.Kernel/Boot/Power.cs.
            "-chardev", $"socket,id=status,fd={Number(vm.StatusDescriptor)}", "-device", "isa-debugcon,iobase=0xe9,chardev=status",
            "-device", "isa-debug-exit,iobase=0x501,iosize=2",
            "-global", "virtio-mmio.force-legacy=false",
        };
        // For who boots a kernel, the firmware that a microvm has, too: a PC's own is a third of the time until the guest's first line.
        if (vm is { Machine: "q35", IsDisk: false }) arguments.AddRange(["-bios", "qboot.rom"]);
        // A disk that the guest does not drive: it is read before it begins.
        if (vm.IsDisk) arguments.AddRange(["-drive", $"if=none,id=boot,format=raw,file={vm.Image.Replace(",", ",,", StringComparison.Ordinal)}", "-device", "ide-hd,drive=boot,bootindex=0"]);
        else arguments.AddRange(["-kernel", vm.Image, "-append", vm.CommandLine]);
        if (vm.InputDescriptor is null) arguments.AddRange(["-serial", "chardev:console"]);
        if (vm.InitialRam is { } archive) arguments.AddRange(["-initrd", archive]);
        for (int i = 0; i < vm.Networks.Count; i++) arguments.AddRange(Network(vm.Networks[i], i, isMicroVm));
        for (int i = 0; i < vm.Disks.Count; i++) arguments.AddRange(Disk(vm.Disks[i], i, isMicroVm));
        if (vm.InputDescriptor is { } input) arguments.AddRange(Console(input, isMicroVm));
        // Read when QEMU starts. A process list shows the descriptor's number.
        if (vm.SecretsDescriptor is { } secrets) arguments.AddRange(["-fw_cfg", $"name=opt/morgana/secrets,file=/dev/fd/{Number(secrets)}"]);
        // Behind all others, whose numbers the guest was told.
        if (vm.HasEntropyDevice) arguments.AddRange(["-device", isMicroVm ? "virtio-rng-device" : "virtio-rng-pci,disable-legacy=on"]);
        if (vm.DebugSocket is { } socket) arguments.AddRange(["-S", "-gdb", $"unix:path={socket},server=on,wait=off"]);
        return arguments;
    }

    private static string[] Network(VmNetwork network, int index, bool isMicroVm)
    {
        string id = "link" + Number(index), descriptor = Number(network.Descriptor);
        string link = network.IsTap ? $"tap,id={id},fd={descriptor},vhost=off" : $"stream,id={id},addr.type=fd,addr.str={descriptor}";
        string card = $"{(isMicroVm ? "virtio-net-device" : "virtio-net-pci,disable-legacy=on,romfile=")},netdev={id},host_mtu={Number(network.Mtu)}{(network.Mac == "" ? "" : ",mac=" + network.Mac)}";
        return ["-netdev", link, "-device", card];
    }

    // The file is open and locked already (flock(2)), and QEMU takes it over as it is. A flush of the guest's is an fdatasync(2), and what
    // fails is told to the guest: QEMU would rather stop the machine when the host's disk is full. It would also rather open the file for
    // reading first, and for writing later, which a descriptor cannot be.
    private static string[] Disk(VmDisk disk, int index, bool isMicroVm) =>
    [
        "-add-fd", $"set={Number(index)},fd={Number(disk.Descriptor)}",
        "-drive", $"if=none,id=disk{Number(index)},format=raw,file=/dev/fdset/{Number(index)},file.locking=off,cache=writeback,discard=unmap,werror=report,rerror=report,auto-read-only=off,readonly={(disk.IsReadOnly ? "on" : "off")}",
        "-device", $"{(isMicroVm ? "virtio-blk-device" : "virtio-blk-pci,disable-legacy=on")},drive=disk{Number(index)},serial=disk{Number(index)}",
    ];

    // Both write into one stream, in order. What comes in by such a stream is the virtio port's, whatever one does: the kernel hears another line.
    private static string[] Console(int input, bool isMicroVm) =>
    [
        "-device", isMicroVm ? "virtio-serial-device,max_ports=2" : "virtio-serial-pci,disable-legacy=on,max_ports=2",
        "-device", "virtserialport,chardev=console,nr=1", "-serial", "chardev:console",
        "-chardev", $"socket,id=input,fd={Number(input)}", "-device", "isa-serial,chardev=input,index=1",
    ];

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
