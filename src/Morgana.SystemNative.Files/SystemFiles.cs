using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Morgana.Files;

namespace Morgana.SystemNative;

/// <summary>What programs expect beside their own files: devices, the one process and the one user.</summary>
/// <remarks>None of it is made with .NET's file classes, which would call here.</remarks>
internal static unsafe class SystemFiles
{
    private const int TicksPerSecond = 100;             // sysconf(_SC_CLK_TCK) on Linux.
    private static readonly long s_started = Environment.TickCount64;

    /// <summary>/dev.</summary>
    public static FileSystem Devices()
    {
        var devices = new GeneratedFileSystem(GeneratedFileSystem.Devices);
        devices.AddDevice("null", CharacterDevice.Null);
        devices.AddDevice("zero", CharacterDevice.Zero);
        devices.AddDevice("full", CharacterDevice.Full);
        devices.AddDevice("random", CharacterDevice.Random(FillRandom));
        devices.AddDevice("urandom", CharacterDevice.Random(FillRandom));
        devices.AddDirectory("shm");
        return devices;
    }

    /// <summary>/proc, as far as .NET's <c>Process</c> reads it: the program is the only process, with one thread.</summary>
    public static FileSystem Processes(FileNamespace files)
    {
        var processes = new GeneratedFileSystem(GeneratedFileSystem.Process);
        string process = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        processes.AddLink("self", process);
        processes.AddFile(process + "/stat", Statistics);
        processes.AddFile(process + "/status", Status);
        processes.AddFile(process + "/cmdline", () => Program + '\0');
        processes.AddFile(process + "/maps", () => "");
        processes.AddLink(process + "/exe", $"{ProgramFiles.AppFolder}/{Program}");
        processes.AddLink(process + "/cwd", ProgramFiles.AppFolder);
        processes.AddFile($"{process}/task/{process}/stat", Statistics);
        // Where the network's are.
        processes.AddDirectory("net");
        NetworkFiles.AddSettings(processes);
        processes.AddFile("mounts", () => Mounts(files));
        processes.AddFile(process + "/mounts", () => Mounts(files));
        processes.AddFile("uptime", () => string.Create(CultureInfo.InvariantCulture, $"{Environment.TickCount64 / 1000.0:F2} 0.00\n"));
        return processes;
    }

    /// <summary>/etc: its user, its name, and no more.</summary>
    public static FileSystem Settings()
    {
        var user = User.Current;
        var settings = new GeneratedFileSystem(GeneratedFileSystem.Devices);
        settings.AddFile("passwd", () => user.PasswordLine + "\n");
        settings.AddFile("group", () => $"{user.Name}:x:{user.Gid}:\n");
        settings.AddFile("resolv.conf", NetworkFiles.Resolvers);
        settings.AddFile("hostname", () => HostNetwork.Name + "\n");
        settings.AddFile("os-release", () => "NAME=Morgana\nID=morgana\nPRETTY_NAME=Morgana\n");
        // Where the roots of TLS are put.
        settings.AddDirectory("ssl/certs");
        settings.AddDirectory("terminfo");
        return settings;
    }

    private static string Program => Assembly.GetEntryAssembly()?.GetName().Name ?? "program";

    // proc_pid_stat(5): the names of its fields are there. Ours are zero but for number, name, state, times, threads, start and memory.
    private static string Statistics()
    {
        var cpu = Environment.CpuUsage;
        int process = Environment.ProcessId;
        long resident = Resident();
        return string.Create(CultureInfo.InvariantCulture, $"{process} ({Program}) R 0 {process} {process} 0 -1 0 0 0 0 0 {Ticks(cpu.UserTime)} {Ticks(cpu.PrivilegedTime)} 0 0 20 0 1 0 ")
            + string.Create(CultureInfo.InvariantCulture, $"{s_started * TicksPerSecond / 1000} {resident} {resident / Environment.SystemPageSize} {ulong.MaxValue} ")
            + new StringBuilder("0").Insert(1, " 0", 26).Append('\n');
    }

    private static string Status()
    {
        long kilobytes = Resident() >> 10;
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"Name:\t{Program}\nPid:\t{Environment.ProcessId}\n");
        foreach (string name in (string[])["VmPeak", "VmSize", "VmHWM", "VmRSS", "VmData"]) text.Append(CultureInfo.InvariantCulture, $"{name}:\t{kilobytes} kB\n");
        return text.Append("VmSwap:\t0 kB\n").ToString();
    }

    private static string Mounts(FileNamespace files)
    {
        var text = new StringBuilder();
        foreach (var (path, system) in files.Mounts) text.Append("morgana ").Append(path).Append(" morgana ").Append(system.IsReadOnly ? "ro" : "rw").Append(" 0 0\n");
        return text.ToString();
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * TicksPerSecond);

    // Linux knows, where there is one that may be asked. Else it is what the collector has.
    private static long Resident()
    {
        nint file;
        fixed (byte* path = "/proc/self/statm\0"u8) file = RealFiles.Open(path, 0, 0);
        if (file < 0) return GC.GetTotalMemory(forceFullCollection: false);
        Span<byte> text = stackalloc byte[128];
        int count;
        fixed (byte* start = text) count = Real.Read(file, start, text.Length);
        _ = Real.Close(file);
        string[] pages = Encoding.ASCII.GetString(text[..Math.Max(0, count)]).Split(' ');
        return pages.Length > 1 && long.TryParse(pages[1], out long resident) ? resident * Environment.SystemPageSize : 0;
    }

    private static void FillRandom(Span<byte> destination)
    {
        fixed (byte* start = destination)
            if (GetCryptographicallySecureRandomBytes(start, destination.Length) != 0) throw new IOException("The platform has no random octets.");
    }

    [DllImport("libSystem.Native", EntryPoint = "SystemNative_GetCryptographicallySecureRandomBytes")]
    private static extern int GetCryptographicallySecureRandomBytes(byte* buffer, int length);
}
