using System.CommandLine;
using System.CommandLine.Parsing;
using Morgana.Build;
using Morgana.Cli.Arguments;
using Morgana.Cli.Running;
using Morgana.Cli.Running.Vm;
using Morgana.Gateway;

namespace Morgana.Cli.Commands;

/// <summary><c>morgana run</c>.</summary>
internal static class RunCommand
{
    private static readonly Dictionary<string, Func<RunSettings, Task<int>>> Targets = new(StringComparer.Ordinal)
    {
        ["process"] = ProcessTarget.RunAsync,
        ["sandbox"] = ProcessTarget.RunConfinedAsync,
        ["managed"] = ManagedTarget.RunAsync,
        ["vm"] = VmTarget.RunAsync,
        ["linux-vm"] = LinuxVmTarget.RunAsync,
    };

    private static readonly Argument<string> Subject = new("PROJECT|IMAGE") { Description = "a project, its folder, a program that is one .cs file, or an image made by build" };
    private static readonly Option<PublishedPort[]> Publish = new("--publish")
    {
        Description = "publish a port of the guest on the host's loopback, or on ADDRESS; repeatable (default: 8080:80)",
        HelpName = "[DEVICE=][ADDRESS:]HOST:GUEST[/udp]",
        CustomParser = ParsePublish,
    };
    private static readonly Option<NetworkChoice[]> Network = new("--net")
    {
        Description = "what a network device of the guest's is joined to: the user-mode network, a tap interface, or nothing; repeatable (default: gateway)",
        HelpName = "[DEVICE=]gateway|tap:NAME|none",
        CustomParser = ParseNetworks,
    };
    private static readonly Option<string> Capture = new("--capture") { Description = "write every frame to a file that Wireshark reads", HelpName = "[DEVICE=]FILE.pcapng" };
    private static readonly Option<long> Memory = new("--memory")
    {
        Description = "the guest's whole memory, such as 32M: the GC's limit and the buffers follow from it (default: 64M)",
        HelpName = "SIZE",
        CustomParser = ParseMemory,
    };
    private static readonly Option<bool> AllowHost = new("--allow-host") { Description = "let the guest reach the host's own services, as 10.0.2.2" };
    private static readonly Option<string> Target = new("--target")
    {
        Description = "process: the image as a Linux process; sandbox: the same, locked into landlock and seccomp; vm: a virtual machine with a kernel of its own; linux-vm: the same on a stock Linux; managed: the project under the JIT (default: process)",
        HelpName = string.Join('|', Targets.Keys),
    };

    private static readonly Option<int?> Processors = new("--cpus") { Description = "how many processors a virtual machine has (default: 1)", HelpName = "N" };
    private static readonly Option<string> Machine = new("--machine") { Description = "which machine QEMU makes: microvm or q35 (default: microvm)", HelpName = "microvm|q35" };
    private static readonly Option<string> Acceleration = new("--accel") { Description = "who runs the guest: kvm, QEMU's emulation, or whichever works (default: auto)", HelpName = "auto|kvm|tcg" };
    private static readonly Option<bool> Debugger = new("--gdb") { Description = "start the virtual machine stopped, for a debugger" };
    private static readonly Option<bool> Verbose = new("--verbose") { Description = "let the virtual machine's kernel say what it has found" };

    private static readonly Option<DeviceAttachment[]> Block = new("--block")
    {
        Description = "attach a file as a block device; it is made if a size is named; repeatable",
        HelpName = "NAME=FILE[:SIZE][:ro]",
        CustomParser = result => ParseAll<DeviceAttachment>(result, "--block", DeviceAttachment.TryParseBlock, DeviceAttachment.BlockSyntax),
    };
    private static readonly Option<DeviceAttachment[]> Device = new("--device")
    {
        Description = "attach a device of another kind; repeatable",
        HelpName = "NAME=DRIVER[:FILE]",
        CustomParser = result => ParseAll<DeviceAttachment>(result, "--device", DeviceAttachment.TryParseDevice, DeviceAttachment.DeviceSyntax),
    };
    private static readonly Option<DeviceAttachment[]> Mount = new("--mount")
    {
        Description = "for a program that does not know Morgana: put a folder, a durable disk (made if a size is named) or a tar archive among its files; repeatable",
        HelpName = "PATH=FOLDER[:ro]|disk:FILE[:SIZE]|tar:FILE",
        CustomParser = result => ParseAll<DeviceAttachment>(result, "--mount", MountParser.TryParse, MountParser.Syntax),
    };
    private static readonly Option<SecretSource[]> Secret = new("--secret")
    {
        Description = "hand a secret over, from a file or a variable of this environment; repeatable",
        HelpName = "NAME=FILE|env:VARIABLE",
        CustomParser = result => ParseAll<SecretSource>(result, "--secret", SecretSource.TryParse, SecretSource.Syntax),
    };

    private static readonly Option<string[]> Variables = new("--env") { Description = "a variable of the guest's environment; repeatable", HelpName = "NAME=VALUE" };
    private static readonly Option<string[]> Boot = new("--boot")
    {
        Description = "for a program that does not know Morgana: ipv4, ipv4-gateway or dns, which others take behind --; repeatable",
        HelpName = "NAME=VALUE",
    };

    private delegate bool Parser<T>(string text, out T? value);

    /// <param name="boot">What follows <c>--</c> on the command line.</param>
    public static Command Create(string[] boot)
    {
        var command = new Command("run", "Build a unikernel if need be, and run it. What follows -- are its boot arguments.")
        {
            Subject, Publish, Network, Capture, Memory, AllowHost, Block, Device, Mount, Secret, Variables, Boot, Target, Processors, Machine, Acceleration, Debugger, Verbose,
        };
        command.SetAction((result, _) => RunAsync(Read(result, boot)));
        return command;
    }

    /// <summary>Takes the settings from the parsed command line, and checks that they go together.</summary>
    internal static RunSettings Read(ParseResult result, string[] boot)
    {
        var settings = new RunSettings
        {
            Subject = result.GetRequiredValue(Subject),
            Target = result.GetValue(Target) ?? "process",
            Networks = result.GetValue(Network) ?? [],
            Publish = result.GetValue(Publish) is { Length: > 0 } ports ? ports : [PublishedPort.Default],
            IsPublishExplicit = result.GetResult(Publish) is { Implicit: false },
            Capture = result.GetValue(Capture),
            Memory = result.GetValue(Memory) is > 0 and var memory ? memory : RunSettings.DefaultMemory,
            IsMemoryExplicit = result.GetResult(Memory) is { Implicit: false },
            AllowHost = result.GetValue(AllowHost),
            Processors = result.GetValue(Processors) ?? 1,
            // A disk is booted by a BIOS, which microvm has none of.
            Machine = result.GetValue(Machine) ?? (IsDisk(result.GetRequiredValue(Subject)) ? "q35" : "microvm"),
            Accelerator = result.GetValue(Acceleration) ?? "auto",
            IsDebugged = result.GetValue(Debugger),
            IsVerbose = result.GetValue(Verbose),
            IsNetworkExplicit = result.GetResult(Network) is { Implicit: false } || result.GetResult(Publish) is { Implicit: false },
            Devices = [.. result.GetValue(Block) ?? [], .. result.GetValue(Device) ?? [], .. result.GetValue(Mount) ?? []],
            Secrets = result.GetValue(Secret) ?? [],
            Environment = result.GetValue(Variables) ?? [],
            Boot = result.GetValue(Boot) ?? [],
            BootArguments = boot,
        };
        if (IsBootable(settings.Subject) && result.GetResult(Target) is null or { Implicit: true }) settings = settings with { Target = "vm" };
        Check(settings);
        CheckMachine(settings, result);
        return settings;
    }

    private static void Check(RunSettings settings)
    {
        if (!Targets.ContainsKey(settings.Target)) throw Usage($"there is no target '{settings.Target}': there are {string.Join(", ", Targets.Keys)}");
        if (settings.Target == "linux-vm" && settings.Secrets.Count > 0) throw Usage("the target linux-vm hands no --secret over: use the target vm or process");
        if (settings.Target is "vm" or "linux-vm" && settings.Devices.Any(d => d.Kind is null && d.Path is not null)) throw Usage($"the target {settings.Target} attaches files with --block alone: use the target process");
        foreach (string variable in settings.Environment)
            if (variable.IndexOf('=', StringComparison.Ordinal) < 1 || variable.StartsWith("MORGANA_", StringComparison.Ordinal)) throw Usage($"--env {variable}: expected NAME=VALUE, and no name of Morgana's own");
        foreach (string entry in settings.Boot)
            if (entry.IndexOf('=', StringComparison.Ordinal) < 1 || entry.Contains(';', StringComparison.Ordinal)) throw Usage($"--boot {entry}: expected NAME=VALUE, such as ipv4=10.0.0.5/24");
        if (settings.Environment.Count + settings.Boot.Count > 0 && settings.Target is "managed") throw Usage("the target managed takes no --env or --boot: it has this command's own environment");
        ManifestCheck.CheckRepeated(settings);
        ManifestCheck.CheckMounts(settings);
        bool isGateway = settings.Networks.Count == 0 || settings.Networks.Any(n => n.Kind == NetworkKind.Gateway);
        if (settings.IsPublishExplicit && !isGateway) throw Usage("--publish needs --net gateway: on a tap or without a network the host has no ports to publish");
        if (settings.AllowHost && !isGateway) throw Usage("--allow-host needs --net gateway");
        if (settings.Capture is not null && settings.Networks.All(n => n.Kind == NetworkKind.None) && !isGateway) throw Usage("--capture needs a network");
        if (settings.Capture is not null && !isGateway) throw Usage($"--capture needs --net gateway; on a tap use: tcpdump -i {settings.Networks.First(n => n.Kind == NetworkKind.Tap).TapName} -w FILE");
        if (settings.Target is not ("vm" or "linux-vm") && settings.Memory < MemorySize.Least) throw Usage($"--memory {settings.Memory >> 20}M: a guest that is a process needs at least {MemorySize.Least >> 20}M");
        if (settings.Target == "managed" && settings.Networks.Any(n => n.Kind != NetworkKind.Gateway)) throw Usage("the managed target has the gateway in its own process: it takes no other --net");
        var twice = settings.Publish.Where(p => p.Host.Port != 0).GroupBy(p => (p.Host, p.IsUdp)).FirstOrDefault(g => g.Count() > 1);
        if (twice is not null) throw Usage($"--publish names port {twice.Key.Host.Port} twice");
    }

    private static void CheckMachine(RunSettings settings, ParseResult result)
    {
        if (settings.Target == "linux-vm" && IsBootable(settings.Subject)) throw Usage($"{settings.Subject} brings a kernel of its own: it runs with --target vm alone");
        if (settings.Target == "linux-vm" && settings.IsMemoryExplicit && settings.Memory < LinuxVmTarget.LinuxMemory + MemorySize.Least)
            throw Usage($"--memory {settings.Memory >> 20}M: Linux and the image need at least {(LinuxVmTarget.LinuxMemory + MemorySize.Least) >> 20}M");
        if (settings.Target == "linux-vm" && settings.IsDebugged) throw Usage("--gdb needs --target vm");
        if (settings.Target is "vm" or "linux-vm")
        {
            if (settings.Processors is < 1 or > 64) throw Usage($"--cpus {settings.Processors}: a virtual machine has 1 to 64 processors");
            if (settings.Machine is not ("microvm" or "q35")) throw Usage($"--machine {settings.Machine}: expected microvm or q35");
            if (settings.Machine == "microvm" && IsDisk(settings.Subject)) throw Usage($"{settings.Subject} is a disk, and --machine microvm boots from none: use q35");
            if (settings.Accelerator is not ("auto" or "kvm" or "tcg")) throw Usage($"--accel {settings.Accelerator}: expected auto, kvm or tcg");
            return;
        }

        if (IsBootable(settings.Subject)) throw Usage($"{settings.Subject} is a virtual machine's image: it runs with --target vm alone");
        foreach (Option option in (Option[])[Processors, Machine, Acceleration, Debugger, Verbose])
            if (result.GetResult(option) is { Implicit: false }) throw Usage($"{option.Name} needs --target vm or linux-vm");
    }

    private static bool IsBootable(string subject) => IsDisk(subject) || (File.Exists(subject) && ElfFile.IsElf(subject) && VirtualMachineImage.IsOne(subject));

    private static bool IsDisk(string subject) => File.Exists(subject) && DiskImage.IsOne(subject);

    private static Task<int> RunAsync(RunSettings settings) => Targets[settings.Target](settings with { Secrets = SecretSource.Take(settings.Secrets) });

    private static CommandException Usage(string message) => new(message, ExitStatus.Usage);

    private static PublishedPort[] ParsePublish(ArgumentResult result)
    {
        var ports = new List<PublishedPort>();
        foreach (Token token in result.Tokens)
        {
            if (PublishedPort.TryParse(token.Value, out var port)) ports.Add(port!);
            else result.AddError($"--publish {token.Value}: expected HOST:GUEST or HOST:GUEST/udp, such as 8080:80");
        }

        return [.. ports];
    }

    private static T[] ParseAll<T>(ArgumentResult result, string option, Parser<T> parse, string syntax)
    {
        var values = new List<T>();
        foreach (Token token in result.Tokens)
        {
            if (parse(token.Value, out var value)) values.Add(value!);
            else result.AddError($"{option} {token.Value}: expected {syntax}");
        }

        return [.. values];
    }

    private static NetworkChoice[] ParseNetworks(ArgumentResult result)
    {
        var choices = new List<NetworkChoice>();
        foreach (Token token in result.Tokens)
        {
            if (NetworkChoice.TryParse(token.Value, out var choice)) choices.Add(choice);
            else result.AddError($"--net {token.Value}: expected {NetworkChoice.Syntax}");
        }

        return [.. choices];
    }

    /// <summary>Takes a guest's memory from the command line.</summary>
    internal static long ParseMemory(ArgumentResult result) => ParseMemory(result, VmSettings.LeastMemory);

    /// <summary>The same, of no less than <paramref name="least"/>.</summary>
    internal static long ParseMemory(ArgumentResult result, long least)
    {
        string text = result.Tokens[0].Value;
        if (!MemorySize.TryParse(text, out long octets)) result.AddError($"--memory {text}: expected a size such as 32M or 1G");
        else if (octets > VmSettings.MostMemory) result.AddError($"--memory {text}: a guest has at most {VmSettings.MostMemory >> 30}G");
        else if (octets < least) result.AddError($"--memory {text}: a guest needs at least {least >> 20}M");
        return octets;
    }
}
