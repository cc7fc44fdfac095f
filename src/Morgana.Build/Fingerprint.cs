using System.Security.Cryptography;
using System.Text;

namespace Morgana.Build;

/// <summary>What an image was made from, and the hash of all of it.</summary>
/// <remarks>The list comes from MSBuild (Morgana.Sdk's MorganaWriteInputs), so that hashing it again needs no MSBuild.</remarks>
internal sealed class Fingerprint
{
    private const string Format = "morgana-fingerprint 1";
    private static readonly string[] Outputs = ["bin", "obj", "out", "TestResults", ".git", ".vs", ".idea"];
    private static readonly string[] Inherited =
    [
        "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "NuGet.config", "nuget.config", "global.json", ".editorconfig",
    ];

    private readonly string[] _inputs;

    private Fingerprint(string[] inputs, string hash) => (_inputs, Hash) = (inputs, hash);

    public string Hash { get; }

    /// <summary>The assembly that the project makes, for the managed target.</summary>
    public string? Assembly => _inputs.FirstOrDefault(i => i.StartsWith("assembly=", StringComparison.Ordinal))?["assembly=".Length..];

    /// <summary>Whether what belongs beside the program is in the image: Morgana.Sdk's ProgramFiles.targets.</summary>
    public bool HasContent => _inputs.Contains("content=image");

    /// <summary>Hashes what the list names, as it is now.</summary>
    /// <param name="inputsFile">What MorganaWriteInputs wrote.</param>
    /// <param name="dotnet">The dotnet command that builds.</param>
    public static Fingerprint Take(string inputsFile, string dotnet) => Take(File.ReadAllLines(inputsFile), dotnet, out _);

    /// <summary>The same, and says when the newest of the files was written.</summary>
    public static Fingerprint Take(string[] inputs, string dotnet, out DateTime newest)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        newest = DateTime.MinValue;
        foreach (string sdk in InstalledSdks(dotnet)) Add(hash, sdk);
        var files = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string input in inputs) Collect(input, files);
        byte[] buffer = new byte[64 << 10];
        foreach (string file in files)
        {
            Add(hash, file);
            AddContents(hash, file, buffer);
            DateTime written = File.GetLastWriteTimeUtc(file);
            if (written > newest && Path.GetFileName(file) != "packages.lock.json") newest = written;   // Restoring writes that one.
        }

        return new(inputs, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    /// <summary>Reads a fingerprint that <see cref="Save"/> wrote. Null if there is none of this format.</summary>
    public static Fingerprint? Load(string path)
    {
        try
        {
            string[] lines = File.ReadAllLines(path);
            return lines.Length >= 2 && lines[0] == Format ? new(lines[2..], lines[1]) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    public void Save(string path)
    {
        string temporary = path + ".new";
        File.WriteAllLines(temporary, [Format, Hash, .. _inputs]);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Whether it was taken of this project, and everything in it is as it was.</summary>
    public bool IsCurrent(string project, string dotnet) =>
        (_inputs.Contains("project=" + project) || _inputs.Contains("program=" + project)) && Take(_inputs, dotnet, out _).Hash == Hash;

    private static void Collect(string input, SortedSet<string> files)
    {
        int separator = input.IndexOf('=', StringComparison.Ordinal);
        if (separator < 0) return;
        string path = input[(separator + 1)..];
        switch (input[..separator])
        {
            case "project":
                string folder = Path.GetDirectoryName(path)!;
                AddFolder(folder, files);
                AddInherited(Path.GetDirectoryName(folder), files);
                break;
            case "program":
                files.Add(path);
                AddInherited(Path.GetDirectoryName(path), files);
                break;
            case "folder":
                AddFolder(path.TrimEnd('/'), files);
                break;
            case "file" when !IsOutput(path):
                files.Add(path);
                // A file from elsewhere often came by a pattern, which one more file there may match.
                if (Path.GetDirectoryName(path) is { } beside && Directory.Exists(beside)) files.UnionWith(Directory.GetFiles(beside, "*" + Path.GetExtension(path)));
                break;
        }
    }

    private static bool IsOutput(string path) => path.Split('/').Intersect(Outputs).Any();

    private static void AddFolder(string folder, SortedSet<string> files)
    {
        if (!Directory.Exists(folder)) return;
        foreach (string file in Directory.GetFiles(folder)) files.Add(file);
        foreach (string inner in Directory.GetDirectories(folder))
        {
            if (!Outputs.Contains(Path.GetFileName(inner))) AddFolder(inner, files);
        }
    }

    private static void AddInherited(string? folder, SortedSet<string> files)
    {
        for (; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            foreach (string name in Inherited)
            {
                string file = Path.Combine(folder, name);
                if (File.Exists(file)) files.Add(file);
            }
        }
    }

    private static IEnumerable<string> InstalledSdks(string dotnet)
    {
        string real = File.ResolveLinkTarget(dotnet, returnFinalTarget: true)?.FullName ?? dotnet;
        string sdks = Path.Combine(Path.GetDirectoryName(real)!, "sdk");
        return Directory.Exists(sdks) ? Directory.GetDirectories(sdks).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal) : [];
    }

    // Each piece with its length in front, so that no two lists of pieces are the same octets.
    private static void Add(IncrementalHash hash, string text)
    {
        byte[] octets = Encoding.UTF8.GetBytes(text);
        hash.AppendData(BitConverter.GetBytes(octets.LongLength));
        hash.AppendData(octets);
    }

    private static void AddContents(IncrementalHash hash, string file, byte[] buffer)
    {
        if (!File.Exists(file))
        {
            hash.AppendData(BitConverter.GetBytes(-1L));
            return;
        }

        using var handle = File.OpenHandle(file, options: FileOptions.SequentialScan);
        hash.AppendData(BitConverter.GetBytes(RandomAccess.GetLength(handle)));
        long offset = 0;
        for (int read; (read = RandomAccess.Read(handle, buffer, offset)) > 0; offset += read) hash.AppendData(buffer, 0, read);
    }
}
