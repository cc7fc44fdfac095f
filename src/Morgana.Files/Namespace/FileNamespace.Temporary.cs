namespace Morgana.Files;

// mkdtemp(3) and mkstemps(3).
public sealed partial class FileNamespace
{
    private const int TemporaryTries = 100;

    /// <summary>Makes a directory whose name nobody has: the six <c>X</c> that the path ends with are replaced.</summary>
    public Errno MakeTemporaryDirectory(Span<byte> template) => MakeTemporary(template, 0, p => MakeDirectory(p, 0x1C0));      // 0700

    /// <summary>Makes and opens a file whose name nobody has: the six <c>X</c> before the suffix are replaced.</summary>
    public Errno MakeTemporaryFile(Span<byte> template, int suffixLength, out OpenFile? file)
    {
        OpenFile? made = null;
        var error = MakeTemporary(template, suffixLength, p => Open(p, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive, 0x180, out made));       // 0600
        file = made;
        return error;
    }

    private delegate Errno Maker(ReadOnlySpan<byte> path);

    private static Errno MakeTemporary(Span<byte> template, int suffixLength, Maker make)
    {
        if (suffixLength < 0 || template.Length - suffixLength < 6) return Errno.EINVAL;
        var random = template[(template.Length - suffixLength - 6)..(template.Length - suffixLength)];
        if (!random.SequenceEqual("XXXXXX"u8)) return Errno.EINVAL;
        for (int i = 0; i < TemporaryTries; i++)
        {
            // Against collisions alone: who may write here is the directory's matter.
            Random.Shared.GetItems("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"u8, random);
            var error = make(template);
            if (error != Errno.EEXIST) return error;
        }

        return Errno.EEXIST;
    }
}
