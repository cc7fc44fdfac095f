namespace Morgana.Files;

// From a path to what it names: path_resolution(7).
public sealed partial class FileNamespace
{
    private const byte Slash = (byte)'/';

    private enum LastKind
    {
        Name,
        Dot,
        DotDot,

        /// <summary>The path has no name at all: <c>/</c>.</summary>
        Root,
    }

    /// <summary>The last component of a path, which many operations do not want to be followed.</summary>
    private readonly ref struct Last(LastKind kind, ReadOnlySpan<byte> name, bool slash)
    {
        public LastKind Kind { get; } = kind;

        public ReadOnlySpan<byte> Name { get; } = name;

        /// <summary>Whether slashes follow: then it must be a directory.</summary>
        public bool HasSlash { get; } = slash;
    }

    /// <summary>What a path leads to.</summary>
    /// <param name="path">Absolute, or from the working directory.</param>
    /// <param name="follow">Whether a symbolic link at its end is followed.</param>
    /// <param name="place">Where it is.</param>
    private Errno Resolve(ReadOnlySpan<byte> path, bool follow, out Place place)
    {
        int links = 0;
        var error = Check(path);
        place = _working;
        return error != Errno.None ? error : Resolve(_working, path, follow, ref links, out place);
    }

    private Errno Resolve(Place from, ReadOnlySpan<byte> path, bool follow, scoped ref int links, out Place place)
    {
        place = from;
        var error = ResolveParent(from, path, ref links, out var directory, out var last);
        return error != Errno.None ? error : Finish(directory, last, follow, ref links, out place);
    }

    /// <summary>The last step. A slash behind it asks for a directory, and follows a link to one.</summary>
    private Errno Finish(Place directory, Last last, bool follow, scoped ref int links, out Place place)
    {
        var error = Step(directory, last, out place);
        if (error != Errno.None) return error;
        if (place.Inode.Type == FileType.Link && (follow || last.HasSlash))
        {
            error = Follow(directory, place.Inode, ref links, out place);
            if (error != Errno.None) return error;
        }

        return last.HasSlash && !place.Inode.IsDirectory ? Errno.ENOTDIR : Errno.None;
    }

    private Errno Follow(Place directory, Inode link, scoped ref int links, out Place place)
    {
        place = directory;
        // More could be a loop. It also bounds how deep this calls itself.
        if (++links > MaxLinks) return Errno.ELOOP;
        var error = link.ReadLink(out byte[] target);
        if (error != Errno.None) return error;
        return target.Length == 0 ? Errno.ENOENT : Resolve(directory, target, follow: true, ref links, out place);
    }

    private static Errno Check(ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty) return Errno.ENOENT;
        if (path.Length > MaxPathLength) return Errno.ENAMETOOLONG;
        return path.Contains((byte)0) ? Errno.EINVAL : Errno.None;
    }

    private Errno ResolveParent(ReadOnlySpan<byte> path, out Place directory, out Last last)
    {
        int links = 0;
        last = default;
        directory = _working;
        var error = Check(path);
        return error != Errno.None ? error : ResolveParent(_working, path, ref links, out directory, out last);
    }

    /// <summary>Everything but the last step: the directory that it would be taken from, which may be searched.</summary>
    private Errno ResolveParent(Place from, ReadOnlySpan<byte> path, scoped ref int links, out Place directory, out Last last)
    {
        directory = path[0] == Slash ? new(_root, _root.FileSystem.Root) : from;
        last = new(LastKind.Root, default, slash: false);
        path = path.TrimStart(Slash);
        while (!path.IsEmpty)
        {
            var error = MaySearch(directory.Inode);
            if (error != Errno.None) return error;
            int length = path.IndexOf(Slash);
            var name = length < 0 ? path : path[..length];
            path = length < 0 ? default : path[length..].TrimStart(Slash);
            last = new(name is [(byte)'.'] ? LastKind.Dot : name is [(byte)'.', (byte)'.'] ? LastKind.DotDot : LastKind.Name, name, length >= 0);
            if (path.IsEmpty) break;

            var parent = directory;
            error = Step(parent, last, out directory);
            if (error == Errno.None && directory.Inode.Type == FileType.Link) error = Follow(parent, directory.Inode, ref links, out directory);
            if (error != Errno.None) return error;
        }

        return Errno.None;
    }

    /// <summary>Whether a component can be looked for here: it is a directory, and the user may search it.</summary>
    private Errno MaySearch(Inode inode) => inode.IsDirectory ? CheckAccess(inode, AccessModes.Execute) : Errno.ENOTDIR;

    private Errno Step(Place directory, Last last, out Place place)
    {
        place = directory;
        switch (last.Kind)
        {
            case LastKind.Dot or LastKind.Root:
                return Errno.None;
            case LastKind.DotDot:
                place = Above(directory);
                return Errno.None;
        }

        // In a directory that is gone there is nothing, however it is called.
        if (last.Name.Length > FileName.MaxLength) return directory.Inode.IsRemoved ? Errno.ENOENT : Errno.ENAMETOOLONG;
        var error = directory.Inode.Lookup(last.Name, out var inode);
        if (error == Errno.None) place = Enter(directory.Mount, inode!);
        return error;
    }

    /// <summary>Over a mount's edge downwards.</summary>
    private Place Enter(Mount mount, Inode inode)
    {
        while (inode.IsDirectory && _mounts.TryGetValue(inode, out var mounted)) (mount, inode) = (mounted, mounted.FileSystem.Root);
        return new(mount, inode);
    }

    /// <summary>The directory above, over a mount's edge if need be. The top is above itself.</summary>
    private Place Above(Place place)
    {
        while (place.IsMountRoot)
        {
            if (place.Mount.Covered is not { } covered) return place;
            place = covered;
        }

        return Enter(place.Mount, place.Inode.Parent ?? place.Inode);
    }
}
