namespace Morgana.Build;

/// <summary>What can be made again, and belongs to no project: in the user's cache, as the XDG Base Directory Specification places it.</summary>
internal static class UserCache
{
    /// <summary>A folder of ours in it; it need not be there.</summary>
    public static string Folder(string name)
    {
        string root = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(root, "morgana", name);
    }
}
