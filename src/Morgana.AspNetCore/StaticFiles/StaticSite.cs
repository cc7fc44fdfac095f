using System.Reflection;

namespace Morgana.AspNetCore.StaticFiles;

/// <summary>The files of a site by path. What is not in the table does not exist: no path can lead anywhere else.</summary>
public sealed class StaticSite
{
    private readonly Dictionary<string, StaticFile> _files;
    private readonly HashSet<string> _folders;

    /// <summary>A site of these files.</summary>
    /// <param name="files">The files.</param>
    /// <param name="lastModified">When any of them last changed; whole seconds are kept, which is all that HTTP says.</param>
    public StaticSite(IEnumerable<StaticFile> files, DateTimeOffset lastModified)
    {
        _files = files.ToDictionary(f => f.Path, StringComparer.Ordinal);
        _folders = new(StringComparer.Ordinal);
        foreach (string path in _files.Keys)
            if (path.Length > "/index.html".Length && path.EndsWith("/index.html", StringComparison.Ordinal)) _folders.Add(path[..^"/index.html".Length]);
        LastModified = DateTimeOffset.FromUnixTimeSeconds(lastModified.ToUnixTimeSeconds());
        NotFound = _files.GetValueOrDefault("/404.html");
    }

    /// <summary>When the site last changed, in whole seconds.</summary>
    public DateTimeOffset LastModified { get; }

    /// <summary>The page that is shown where there is none: <c>/404.html</c>, if there is one.</summary>
    public StaticFile? NotFound { get; }

    /// <summary>All files.</summary>
    public IReadOnlyCollection<StaticFile> Files => _files.Values;

    /// <summary>The resources of <paramref name="assembly"/> whose logical names begin with <paramref name="prefix"/>; the rest of the name is the path.</summary>
    /// <remarks>
    /// A resource with <c>.br</c> or <c>.gz</c> behind another's name is that one's content, compressed beforehand.
    /// <c>Last-Modified</c> is the assembly's metadata <c>SiteLastModified</c>, seconds since 1970, if the build wrote it: then the same sources
    /// say the same date, wherever and whenever they were built.
    /// </remarks>
    public static StaticSite FromResources(Assembly assembly, string prefix)
    {
        var names = new HashSet<string>(assembly.GetManifestResourceNames(), StringComparer.Ordinal);
        var files = new List<StaticFile>();
        foreach (string name in names)
        {
            if (!name.StartsWith(prefix, StringComparison.Ordinal) || IsCodingOf(names, name)) continue;
            files.Add(new("/" + name[prefix.Length..].Replace('\\', '/').TrimStart('/'), ResourceMemory.Open(assembly, name), Coding(name + ".br"), Coding(name + ".gz")));
        }

        string? built = assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == "SiteLastModified")?.Value;
        return new(files, long.TryParse(built, out long seconds) ? DateTimeOffset.FromUnixTimeSeconds(seconds) : DateTimeOffset.UnixEpoch);

        ReadOnlyMemory<byte> Coding(string name) => names.Contains(name) ? ResourceMemory.Open(assembly, name) : default;
    }

    private static bool IsCodingOf(HashSet<string> names, string name) =>
        name[^Math.Min(3, name.Length)..] is ".br" or ".gz" && names.Contains(name[..^3]);

    /// <summary>Finds the file for a decoded path: itself, a folder's <c>index.html</c>, or a page without its <c>.html</c>.</summary>
    internal StaticFile? Find(string path)
    {
        if (_files.TryGetValue(path, out var file)) return file;
        if (path.EndsWith('/')) return _files.GetValueOrDefault(path + "index.html");
        return _files.GetValueOrDefault(path + ".html");
    }

    /// <summary>Whether the path names a folder and only lacks its slash, so that relative links would go astray.</summary>
    internal bool IsFolder(string path) => _folders.Contains(path);
}
