using System.Runtime.InteropServices;
using Morgana.Files;

namespace Morgana.SystemNative;

/// <summary>inotify(7), for file systems that cannot change: a watch of those is granted, and nothing ever happens but its own end.</summary>
/// <remarks>
/// ASP.NET Core watches its content root and its settings, which lie in the image. A watch of what can change is refused with an error
/// rather than granted and then silent.
/// </remarks>
internal static unsafe class WatchCalls
{
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_INotifyInit")]
    public static nint INotifyInit()
    {
        try
        {
            var error = Descriptors.Open(new WatchDescriptor(), out nint number);
            return error == Error.Success ? number : Outcome.Fail(error);
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_INotifyAddWatch")]
    public static int INotifyAddWatch(nint descriptor, byte* path, uint mask)
    {
        try
        {
            var error = Descriptors.Find<WatchDescriptor>(descriptor, Error.EINVAL, out var watch);
            if (error != Error.Success) return Outcome.Fail(error);
            var found = ProgramFiles.Tree.GetStatus(FileAnswer.Text(path), follow: true, out var status);
            if (found != Errno.None) return FileAnswer.Fail(found);
            return CanChange(status.Device) ? FileAnswer.Fail(Errno.EOPNOTSUPP) : watch!.Add(status.Device, status.Number);
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }

    private static bool CanChange(long device)
    {
        foreach (var (_, files) in ProgramFiles.Tree.Mounts)
            if (files.Device == device) return !files.IsReadOnly;
        return true;
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_INotifyRemoveWatch")]
    public static int INotifyRemoveWatch(nint descriptor, int watch)
    {
        if (!Descriptors.IsOurs(descriptor)) return RealFiles.INotifyRemoveWatch(descriptor, watch);
        try
        {
            var error = Descriptors.Find<WatchDescriptor>(descriptor, Error.EINVAL, out var found);
            return error != Error.Success ? Outcome.Fail(error) : found!.Remove(watch) ? 0 : FileAnswer.Fail(Errno.EINVAL);
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }
}

/// <summary>Watches of what never changes. Whoever reads waits until one of them is removed.</summary>
internal sealed class WatchDescriptor : Descriptor
{
    private const uint Ignored = 0x8000;
    private const int EventLength = 16;

    // By device and number of the file.
    private readonly Dictionary<long, Dictionary<long, Watch>> _watches = [];
    private readonly Dictionary<int, Watch> _byNumber = [];
    private readonly Queue<Watch> _removed = new();
    private int _last;
    private bool _closed;

    public override DescriptorKind Kind => DescriptorKind.File;

    /// <summary>inotify_add_watch(2): the same file has the same watch.</summary>
    public int Add(long device, long number)
    {
        lock (_watches)
        {
            if (!_watches.TryGetValue(device, out var ofDevice)) _watches.Add(device, ofDevice = []);
            if (!ofDevice.TryGetValue(number, out var watch))
            {
                ofDevice.Add(number, watch = new(device, number, ++_last));
                _byNumber.Add(watch.Number, watch);
            }

            return watch.Number;
        }
    }

    /// <summary>inotify_rm_watch(2): the reader is told with IN_IGNORED.</summary>
    public bool Remove(int watch)
    {
        lock (_watches)
        {
            if (!_byNumber.Remove(watch, out var found)) return false;
            _watches[found.Device].Remove(found.File);
            _removed.Enqueue(found);
            Monitor.PulseAll(_watches);
            return true;
        }
    }

    public override Error Read(Span<byte> destination, out int count)
    {
        count = 0;
        // inotify(7): too small for the next event.
        if (destination.Length < EventLength) return Error.EINVAL;
        lock (_watches)
        {
            while (_removed.Count == 0 && !_closed)
            {
                if (IsNonBlocking) return Error.EAGAIN;
                Monitor.Wait(_watches);
            }

            while (_removed.Count > 0 && destination.Length - count >= EventLength)
            {
                // struct inotify_event: wd, mask, cookie, len.
                ReadOnlySpan<uint> words = [(uint)_removed.Dequeue().Number, Ignored, 0, 0];
                MemoryMarshal.AsBytes(words).CopyTo(destination[count..]);
                count += EventLength;
            }
        }

        return Error.Success;
    }

    public override Error Stat(out FileStatus status)
    {
        status = new() { Mode = 0x180 };        // anon_inode: no type, 0600.
        return Error.Success;
    }

    public override Error Close()
    {
        lock (_watches)
        {
            _closed = true;
            Monitor.PulseAll(_watches);
        }

        return Error.Success;
    }

    private sealed class Watch(long device, long file, int number)
    {
        public long Device => device;

        public long File => file;

        public int Number => number;
    }
}
