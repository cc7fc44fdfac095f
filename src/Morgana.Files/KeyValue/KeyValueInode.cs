using Morgana.Storage;

namespace Morgana.Files;

/// <summary>What values and folders have in common. Two objects with one number are the same file.</summary>
internal abstract class KeyValueInode(KeyValueFileSystem fileSystem, StoreKey key, long number) : Inode
{
    public override FileSystem FileSystem => fileSystem;

    protected KeyValueFileSystem Files => fileSystem;

    protected StoreKey Key => key;

    protected long Number => number;

    public override bool Equals(object? obj) => obj is KeyValueInode other && other.Number == number && other.Files == fileSystem;

    public override int GetHashCode() => number.GetHashCode();

    protected FileStatus Status(long size, DateTimeOffset? modified)
    {
        var time = FileTime.From(modified ?? DateTimeOffset.UnixEpoch);
        int permissions = IsDirectory ? Files.Options.DirectoryPermissions : Files.Options.FilePermissions;
        return new()
        {
            Type = Type,
            Permissions = Files.IsReadOnly ? permissions & ~0x92 : permissions,
            Uid = Files.Options.Uid,
            Gid = Files.Options.Gid,
            Size = size,
            Links = 1,
            Device = Files.Device,
            Number = number,
            Accessed = time,
            Modified = time,
            Changed = time,
        };
    }
}

/// <summary>A value as a file.</summary>
internal sealed class KeyValueFile(KeyValueFileSystem fileSystem, StoreKey key, long number) : KeyValueInode(fileSystem, key, number)
{
    public override FileType Type => FileType.Regular;

    public override Errno GetStatus(out FileStatus status)
    {
        FileStatus found = default;
        var error = Files.Do(() =>
        {
            var (at, detached) = Where();
            if (detached is null && KeyValueFileSystem.Wait(Files.Store.GetInfoAsync(at)) is { } info) found = Status(info.Size, info.Modified);
            else if (detached is not null) found = Status(detached.Length, null) with { Links = 0 };
            else return Errno.ENOENT;
            return Errno.None;
        });
        status = found;
        return error;
    }

    public override Errno Acquire(OpenFlags flags) => Files.Do(() =>
    {
        if (!Files.Open.TryGetValue(Number, out var open))
        {
            // It went away, or something else came to its place, since it was found.
            if (Files.KindOf(Key) != StoreEntryKind.Value || Files.NumberOf(Key) != Number) return Errno.ENOENT;
            Files.Open.Add(Number, open = new(Key));
        }

        open.Users++;
        return Errno.None;
    });

    public override Errno Release(OpenFlags flags) => Files.Do(() =>
    {
        if (--Files.Open[Number].Users == 0) Files.Open.Remove(Number);
        return Errno.None;
    });

    public override Errno Read(long offset, Span<byte> destination, out int count)
    {
        byte[] into = new byte[Math.Min(destination.Length, 1 << 20)];
        int read = 0;
        var error = Files.Do(() =>
        {
            var (at, detached) = Where();
            if (detached is not null)
            {
                read = (int)Math.Clamp(detached.Length - offset, 0, into.Length);
                if (read > 0) detached.AsSpan((int)offset, read).CopyTo(into);
                return Errno.None;
            }

            if (KeyValueFileSystem.Wait(Files.Store.GetPartAsync(at, offset, into)) is not { } part) return Errno.EIO;
            read = part;
            return Errno.None;
        });
        count = error == Errno.None ? read : 0;
        into.AsSpan(0, count).CopyTo(destination);
        return error;
    }

    public override Errno Write(long offset, ReadOnlySpan<byte> source, out int count, out long end)
    {
        byte[] from = source.ToArray();
        long at = offset;
        var error = from.Length == 0 ? Errno.None : Files.Do(() =>
        {
            if (at < 0) at = Length();
            if (at > Array.MaxLength - from.Length) return Errno.EFBIG;
            return Put(at, from);
        });
        count = error == Errno.None ? from.Length : 0;
        end = at + count;
        return error;
    }

    public override Errno SetLength(long length) => Files.Do(() =>
    {
        long now = Length();
        if (length == now) return Errno.None;
        if (length > Array.MaxLength) return Errno.EFBIG;
        // A store fills a gap with zeroes.
        if (length > now) return Put(length - 1, [0]);
        var (at, detached) = Where();
        if (detached is not null) Files.Open[Number].Detached = detached[..(int)length];
        else if (KeyValueFileSystem.Wait(Files.Store.GetAsync(at)) is { } value) KeyValueFileSystem.Wait(Files.Writable.SetAsync(at, value[..(int)length]));
        else return Errno.EIO;
        return Errno.None;
    });

    private (StoreKey Key, byte[]? Detached) Where() => Files.Open.TryGetValue(Number, out var open) ? (open.Key, open.Detached) : (Key, null);

    private long Length()
    {
        var (at, detached) = Where();
        return detached?.Length ?? KeyValueFileSystem.Wait(Files.Store.GetInfoAsync(at))?.Size ?? 0;
    }

    private Errno Put(long offset, byte[] part)
    {
        var (at, detached) = Where();
        if (detached is not null)
        {
            byte[] content = detached;
            if (content.Length < offset + part.Length) Array.Resize(ref content, (int)offset + part.Length);
            part.CopyTo(content, offset);
            Files.Open[Number].Detached = content;
            return Errno.None;
        }

        if (offset + part.Length > Files.Writable.Capabilities.MaxValueSize) return Errno.EFBIG;
        // Somebody took the value out of the store, past us: writing must not bring it back.
        if (KeyValueFileSystem.Wait(Files.Store.ExistsAsync(at)) != StoreEntryKind.Value) return Errno.EIO;
        KeyValueFileSystem.Wait(Files.Writable.SetPartAsync(at, offset, part));
        return Errno.None;
    }
}
