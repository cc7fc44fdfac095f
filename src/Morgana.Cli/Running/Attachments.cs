using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Morgana.Build.Manifests;
using Morgana.Cli.Arguments;

namespace Morgana.Cli.Running;

/// <summary>Devices and secrets that are handed over to a guest, checked against its manifest before anything starts.</summary>
internal sealed class Attachments : IDisposable
{
    private readonly List<SafeFileHandle> _files = [];
    private readonly List<string> _devices = [];
    private readonly string _place;
    private readonly int _first;
    private int? _secrets;

    private Attachments(string place, int first) => (_place, _first) = (place, first);

    /// <summary>Entries of <c>MORGANA_DEVICES</c>.</summary>
    public IReadOnlyList<string> Devices => _devices;

    /// <summary>Variables beside it.</summary>
    public IEnumerable<string> Environment => _secrets is { } number ? [string.Create(CultureInfo.InvariantCulture, $"MORGANA_SECRETS=fd={number}")] : [];

    /// <summary>Whether the last of <see cref="Descriptors"/> is a file of secrets.</summary>
    public bool HasSecrets => _secrets is not null;

    /// <summary>What is handed over, in the order of the entries.</summary>
    public IEnumerable<int> Descriptors => _files.Select(f => (int)f.DangerousGetHandle());

    /// <summary>Opens what the command line says.</summary>
    /// <param name="settings">The command line.</param>
    /// <param name="manifest">The image's, or null if it has none.</param>
    /// <param name="place">What the guest calls the place of a device: <c>fd</c>, or in a virtual machine <c>uio</c>.</param>
    /// <param name="first">The number that the first of <see cref="Descriptors"/> will have in the guest.</param>
    /// <exception cref="CommandException">It does not fit the manifest, or a file cannot be opened.</exception>
    public static Attachments Open(RunSettings settings, Manifest? manifest, string place, int first)
    {
        ManifestCheck.Check(settings, manifest);
        var attachments = new Attachments(place, first);
        try
        {
            int mounts = 0;
            foreach (var device in settings.Devices) attachments.Attach(device.Mount is null ? device : device with { Name = string.Create(CultureInfo.InvariantCulture, $"mount{mounts++}") });
            if (settings.Secrets.Count > 0) attachments.HandOver(settings.Secrets);
            return attachments;
        }
        catch
        {
            attachments.Dispose();
            throw;
        }
    }

    /// <summary>Closes the runner's copies. A guest that runs keeps its own, and with them the locks.</summary>
    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
        _files.Clear();
    }

    private void Attach(DeviceAttachment device)
    {
        var entry = new StringBuilder().Append(device.Name).Append('=').Append(device.Driver);
        if (device.Path is { } path)
        {
            entry.Append(CultureInfo.InvariantCulture, $",{_place}={_first + _files.Count}");
            _files.Add(device.Kind switch { "block" => OpenBlock(device, path), "directory" => OpenDirectory(device, path), _ => OpenDevice(device, path) });
            if (device.IsReadOnly) entry.Append(",readonly");
            // The guest names it in its messages, as the user did.
            if (device.Mount is { } mount) entry.Append(CultureInfo.InvariantCulture, $",mount={mount},holds={device.Holds},from={Uri.EscapeDataString(path)}");
        }
        else if (device.Size is { } size)
        {
            entry.Append(CultureInfo.InvariantCulture, $",size={size}");
        }

        _devices.Add(entry.ToString());
    }

    private static SafeFileHandle OpenBlock(DeviceAttachment device, string path)
    {
        if (Directory.Exists(path)) throw new CommandException($"{device.Spelling} is a folder: {(device.Mount is { } mount ? $"mount it as {mount}={path}" : "name a file")}");
        bool isNew = !File.Exists(path);
        if (isNew && device.IsReadOnly) throw new CommandException($"{device.Spelling}: there is no such file to read");
        if (isNew && device.Size is null) throw new CommandException($"{device.Spelling}: there is no such file; to make one, say how large: {device.Spelling}:64M");
        SafeFileHandle file;
        try
        {
            // Alone: two guests on one disk would destroy it. The lock goes with the descriptor.
            file = device.IsReadOnly
                ? File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read)
                : File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{device.Spelling} {WhyNot(e, device, isNew)}");
        }

        if (isNew) RandomAccess.SetLength(file, device.Size!.Value);
        long length = RandomAccess.GetLength(file);
        string? fault = device.Size is { } size && length < size ? $"too small: it has {length} octets, and {size} are asked for"
            : length < 512 ? $"too small for a sector: it has {length} octets"
            : length % 512 != 0 ? $"no whole number of sectors: it has {length} octets" : null;
        if (fault is null) return LockedForGood(file);
        file.Dispose();
        throw new CommandException($"{device.Spelling} is {fault}");
    }

    // A handle of .NET's gives the lock up before it closes its descriptor, and with it the guest's, which is the same (flock(2)).
    private static SafeFileHandle LockedForGood(SafeFileHandle locked)
    {
        var file = new SafeFileHandle(locked.DangerousGetHandle(), ownsHandle: true);
        locked.SetHandleAsInvalid();
        return file;
    }

    // .NET gives the lock that another holds as the errno of flock, and a file system without writing as that of open.
    private static string WhyNot(Exception e, DeviceAttachment device, bool isNew) => e switch
    {
        { HResult: Libc.EWouldBlock or Libc.ETextBusy } => "is busy: another guest or program has it open",
        _ when isNew => $"cannot be made: {e.Message.TrimEnd('.')}",
        UnauthorizedAccessException when device.IsReadOnly => $"cannot be read by this user: chmod u+r {device.Path}",
        UnauthorizedAccessException => $"is read-only for this user: chmod u+w {device.Path}{(device.Mount is null ? $", or attach it as {device.Name}={device.Path}:ro" : "")}",
        { HResult: Libc.EReadOnlyFileSystem } => $"is on a file system that cannot be written{(device.Mount is null ? $": attach it as {device.Name}={device.Path}:ro" : "")}",
        _ => $"cannot be opened: {e.Message.TrimEnd('.')}",
    };

    private static SafeFileHandle OpenDirectory(DeviceAttachment device, string path)
    {
        if (File.Exists(path)) throw new CommandException($"{device.Spelling} is a file: mount a folder, or a disk as {device.Mount}=disk:{path}, or an archive as {device.Mount}=tar:{path}");
        int descriptor = Libc.Open(path, Libc.OpenDirectory | Libc.OpenCloseOnExec);
        return descriptor >= 0 ? new(descriptor, ownsHandle: true) : throw new CommandException($"{device.Spelling} cannot be opened: {System.Runtime.InteropServices.Marshal.GetLastPInvokeErrorMessage()}");
    }

    private static SafeFileHandle OpenDevice(DeviceAttachment device, string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"--device {device.Name}={device.Driver}:{path} cannot be opened: {e.Message}");
        }
    }

    /// <summary>A file without a name, in memory where there is such a place: no process list and no log shows what is in it.</summary>
    private void HandOver(IReadOnlyList<SecretSource> secrets)
    {
        var lines = new StringBuilder();
        foreach (var secret in secrets) lines.Append(secret.Name).Append('=').Append(Convert.ToBase64String(Read(secret))).Append('\n');
        string path = Path.Combine(Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(), "morgana-" + Guid.NewGuid().ToString("n"));
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var made = new FileStream(path, options))
        {
            made.Write(Encoding.UTF8.GetBytes(lines.ToString()));
            made.Flush();
            _files.Add(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            File.Delete(path);
        }

        // In a virtual machine the kernel opens what the monitor hands it: Morgana.Kernel/Boot/Main.cs.
        _secrets = _place == "fd" ? _first + _files.Count - 1 : GuestProcess.FirstDescriptor;
    }

    private static byte[] Read(SecretSource secret)
    {
        if (secret.Variable is { } variable)
            return Encoding.UTF8.GetBytes(secret.Value ?? System.Environment.GetEnvironmentVariable(variable) ?? throw new CommandException($"--secret {secret.Name}=env:{variable}: the variable is not set"));
        try
        {
            byte[] octets = File.ReadAllBytes(secret.Path!);
            return octets.Length <= 64 * 1024 ? octets : throw new CommandException($"--secret {secret.Name}={secret.Path} is too large: {octets.Length} octets");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"--secret {secret.Name}={secret.Path} cannot be read: {e.Message}");
        }
    }
}
