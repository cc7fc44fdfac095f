using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Morgana.Composition;
using Morgana.Files;
using Morgana.Files.Host;
using Morgana.Hosting;
using Morgana.Storage;
using BootException = Morgana.Composition.BootException;

namespace Morgana.SystemNative;

/// <summary>What the runner has handed over to be mounted (<c>run --mount</c>): entries of <c>MORGANA_DEVICES</c> with a <c>mount</c>.</summary>
/// <remarks>
/// They are opened before the program's first line, so that a disk which is damaged is said at once, and not in the middle. What waits to be
/// written goes to the disk when the process ends in order.
/// </remarks>
internal static class ProgramMounts
{
    private const int UsageStatus = 64;
    private const int MaxFailures = 10;
    private static readonly List<StoreFileSystem> s_stores = [];
    private static int s_failures;

    /// <summary>Whether the image has what mounting takes: MorganaMounts=false leaves it out.</summary>
    [FeatureSwitchDefinition("Morgana.Mounts")]
    private static bool AreKnown => !AppContext.TryGetSwitch("Morgana.Mounts", out bool isOn) || isOn;

    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255:The 'ModuleInitializer' attribute should not be used in libraries", Justification = "In an image it runs before the program, which calls nothing of this library.")]
    internal static void Open()
    {
        if (!EarlySeal.HasMounts) return;
        if (!AreKnown)
        {
            Console.Error.WriteLine("morgana: this image mounts nothing: it was built with MorganaMounts=false.");
            Environment.Exit(UsageStatus);
        }

        _ = ProgramFiles.Tree;
        EarlySeal.Close();
    }

    /// <summary>The file systems by their paths, in the order in which they are to be mounted.</summary>
    public static List<ProgramMount> All()
    {
        if (!AreKnown || !EarlySeal.HasMounts) return [];
        var mounts = new List<ProgramMount>();
        string spelling = DeviceHandle.Variable;
        try
        {
            foreach (var device in DeviceHandle.ParseList(Environment.GetEnvironmentVariable(DeviceHandle.Variable)!))
            {
                if (device.Find("mount") is not { } path) continue;
                string holds = device.Find("holds") ?? "", from = Uri.UnescapeDataString(device.Find("from") ?? device.Name);
                spelling = $"--mount {path}={(holds == "directory" ? "" : holds + ":")}{from}";
                mounts.Add(new(path, Open(device, holds, path)));
            }
        }
        catch (Exception e) when (e is IOException or BootException)
        {
            // A program that finds nothing where its data was would begin anew.
            Console.Error.WriteLine($"morgana: {spelling}: {e.Message}");
            Environment.Exit(UsageStatus);
            throw;
        }

        if (s_stores.Count > 0) AppDomain.CurrentDomain.ProcessExit += static (_, _) => s_stores.ForEach(s => s.Flush());
        // What lies in another one comes after it.
        mounts.Sort(static (a, b) => a.Path.AsSpan().Count('/').CompareTo(b.Path.AsSpan().Count('/')));
        return mounts;
    }

    private static FileSystem Open(DeviceHandle device, string holds, string path) => holds switch
    {
        "directory" => new HostFileSystem(device.Descriptor, device.Find("readonly") is not null),
        "disk" => OpenDisk(OpenDevice(device), path),
        "tar" => new KeyValueFileSystem(KeyValueFileSystem.Wait(TarStore.OpenAsync(OpenDevice(device))), new() { Failed = e => Tell(path, e) }),
        _ => throw new BootException($"{DeviceHandle.Variable}: {device.Name} holds '{holds}', and this image knows directory, disk and tar."),
    };

    private static StoreFileSystem OpenDisk(IBlockDevice device, string path)
    {
        var user = User.Current;
        var store = KeyValueFileSystem.Wait(LogStore.OpenAsync(device));
        var files = KeyValueFileSystem.Wait(StoreFileSystem.OpenAsync(store, new() { Capacity = store.Capacity, Uid = user.Uid, Gid = user.Gid, Failed = e => Tell(path, e) }));
        s_stores.Add(files);
        return files;
    }

    private static IBlockDevice OpenDevice(DeviceHandle device) => device.Driver switch
    {
        // The program's call waits for it anyway.
        "file" => FileBlockDevice.FromDescriptor(device.Descriptor, new() { IsReadOnly = device.Find("readonly") is not null, IsSynchronous = true }),
        "virtio" => StorageParts.Virtio(device, isSynchronous: true),
        _ => throw new BootException($"{DeviceHandle.Variable}: {device.Name} wants the driver '{device.Driver}', and this image has file and virtio."),
    };

    // What .NET tells the program is a number. Why it is that number stands here; but a program that tries again and again does not fill a disk.
    private static void Tell(string path, Exception e)
    {
        int count = Interlocked.Increment(ref s_failures);
        if (count <= MaxFailures) Console.Error.WriteLine($"morgana: {path}: {e.Message}{(count == MaxFailures ? " (More is not said.)" : "")}");
    }
}

/// <summary>A file system, and where it is to be mounted.</summary>
internal sealed class ProgramMount(string path, FileSystem files)
{
    public string Path => path;

    public FileSystem Files => files;
}
