namespace Morgana.Storage;

/// <summary>What stores have in common: parts of values, and the checks of arguments.</summary>
internal static class StorePart
{
    /// <summary>Copies the part of <paramref name="content"/> from <paramref name="offset"/> on.</summary>
    /// <returns>How many octets there were.</returns>
    public static int Copy(ReadOnlySpan<byte> content, long offset, Span<byte> destination)
    {
        if (offset >= content.Length) return 0;
        var part = content[(int)offset..];
        if (part.Length > destination.Length) part = part[..destination.Length];
        part.CopyTo(destination);
        return part.Length;
    }

    /// <summary>A copy of <paramref name="content"/> with a part overwritten, longer if need be.</summary>
    public static byte[] Overwrite(ReadOnlySpan<byte> content, long offset, ReadOnlySpan<byte> part)
    {
        byte[] result = new byte[Math.Max(content.Length, offset + part.Length)];
        content.CopyTo(result);
        part.CopyTo(result.AsSpan((int)offset));
        return result;
    }

    /// <summary>Checks where a part that is to be set lies.</summary>
    public static void CheckEnd(long offset, int length, long most)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        if (offset > most - length) throw new StoreException(StoreError.TooLarge, $"A value that ends after octet {offset} is longer than the store may hold: {most}.");
    }

    /// <summary>Checks the keys of a renaming.</summary>
    public static void CheckRename(StoreKey from, StoreKey to)
    {
        if (from.IsRoot) throw new ArgumentException("The root is a folder, and has no value.", nameof(from));
        if (to.IsRoot) throw new ArgumentException("The root is a folder, and has no value.", nameof(to));
        if (from == to) return;
        if (to.IsIn(from)) throw new StoreException(StoreError.IsValue, $"'{to}' would lie below the value that is renamed.");
        if (from.IsIn(to)) throw new StoreException(StoreError.IsFolder, $"'{to}' is the folder of what is renamed.");
    }
}
