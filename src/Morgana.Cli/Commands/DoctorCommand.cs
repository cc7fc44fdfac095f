using System.CommandLine;
using System.Globalization;
using Morgana.Build;
using Morgana.Cli.Running.Vm;
using Morgana.Sandbox;

namespace Morgana.Cli.Commands;

/// <summary><c>morgana doctor</c>: what is there, what is missing, and the one command that mends it.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var command = new Command("doctor", "Say what is there, what is missing, and how to mend it.");
        command.SetAction(_ => Examine());
        return command;
    }

    private static int Examine()
    {
        var packages = new List<string>();
        bool canBuild = true, isWhole = true;

        Need(".NET runtime", System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription);
        Need("linker", Toolchain.Linker, "gcc");
        Need("static C library", Toolchain.StaticLibc, "libc6-dev");
        Want("OpenSSL, static", Toolchain.StaticOpenSsl, "programs that use .NET's cryptography or TLS cannot be built", "libssl-dev");
        Want("cmake", Toolchain.FindProgram("cmake"), "programs that use .NET's cryptography or TLS cannot be built", "cmake");
        Want("make", Toolchain.FindProgram("make"), "programs that use .NET's cryptography or TLS cannot be built", "make");
        Want("setpriv", Toolchain.FindProgram("setpriv"), "the guest outlives a runner that is killed", "util-linux");
        Want("binutils", Toolchain.Binutils, "--target vm does not work", "binutils");
        Want("QEMU", Toolchain.FindProgram(QemuCommand.Program), "--target vm does not work", "qemu-system-x86");
        Want("stock Linux", LinuxKernel.Find()?.Image, "--target linux-vm downloads it first (Debian's linux-image-cloud-amd64)");
        Want("tap interfaces", CanOpen("/dev/net/tun"), "--net tap:NAME does not work (load it with: modprobe tun)");
        Want("network namespaces", NamespaceRights(), "tests over tap skip");
        Want("landlock", Landlock.Version is > 0 and var version ? $"version {version}" : null, "--target sandbox does not work (boot Linux with landlock in lsm=)");
        Want("pings outward", PingRights(), "the guest cannot ping outside (allow it with: sysctl -w net.ipv4.ping_group_range='0 2147483647')");
        foreach (string program in (string[])["curl", "wget", "ping", "nmap", "wrk", "tshark", "ip"])
        {
            string package = program switch { "ping" => "iputils-ping", "ip" => "iproute2", _ => program };
            Want(program, Toolchain.FindProgram(program), "some tests skip", package);
        }

        if (packages.Count > 0) Console.WriteLine($"\nTo install what is missing: sudo apt-get install {string.Join(' ', packages)}");
        else Console.WriteLine(!canBuild ? "" : isWhole ? "\nNothing is missing." : "\nUnikernels can be built and run; what is absent above needs no package.");
        return canBuild ? ExitStatus.Done : ExitStatus.Failed;

        void Need(string what, string? found, string? package = null)
        {
            Print(found is null ? "missing" : "ok", what, found ?? "needed to build images");
            if (found is not null) return;
            canBuild = false;
            if (package is not null) packages.Add(package);
        }

        void Want(string what, string? found, string consequence, string? package = null)
        {
            Print(found is null ? "absent" : "ok", what, found ?? consequence);
            if (found is not null) return;
            isWhole = false;
            if (package is not null) packages.Add(package);
        }
    }

    private static void Print(string state, string what, string detail) => Console.WriteLine($"{state,-8}{what,-20}{detail}");

    private static string? CanOpen(string device)
    {
        try
        {
            using var handle = File.OpenHandle(device, FileMode.Open, FileAccess.ReadWrite);
            return device;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? NamespaceRights()
    {
        if (Environment.IsPrivilegedProcess) return "as root";
        return ReadNumber("/proc/sys/kernel/unprivileged_userns_clone") == 0 || ReadNumber("/proc/sys/user/max_user_namespaces") == 0 ? null : "in a user namespace";
    }

    // net.ipv4.ping_group_range: the groups that may open an ICMP socket, as two numbers; 1 0 is nobody.
    private static string? PingRights()
    {
        string[] range = Read("/proc/sys/net/ipv4/ping_group_range").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (range.Length != 2 || !uint.TryParse(range[0], out uint first) || !uint.TryParse(range[1], out uint last)) return null;
        foreach (string line in Read("/proc/self/status").Split('\n'))
        {
            if (!line.StartsWith("Gid:", StringComparison.Ordinal) && !line.StartsWith("Groups:", StringComparison.Ordinal)) continue;
            if (line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Skip(1).Any(g => uint.TryParse(g, out uint id) && id >= first && id <= last)) return "ICMP sockets may be opened";
        }

        return null;
    }

    private static long? ReadNumber(string path) => long.TryParse(Read(path), NumberStyles.Integer, CultureInfo.InvariantCulture, out long value) ? value : null;

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
