using System.Globalization;

namespace Morgana.Cli.Running;

/// <summary>A control group which holds a guest to its memory, where this user may make one.</summary>
/// <remarks>Without one, the collector's limit and the buffers' budgets are all that bounds a guest.</remarks>
internal sealed class MemoryLimit : IDisposable
{
    private readonly string _folder;
    private readonly string _events;

    private MemoryLimit(string folder, string events) => (_folder, _events) = (folder, events);

    /// <summary>
    /// Put before a command: a shell that joins the group and becomes the command, so that every page is counted from the first on. It
    /// leaves no variable of its own behind.
    /// </summary>
    public IEnumerable<string> Prefix => ["/bin/sh", "-c", "{ echo $$ > \"$0\"; } 2> /dev/null; unset PWD OLDPWD SHLVL; exec \"$@\"", Path.Combine(_folder, "cgroup.procs")];

    /// <summary>Puts a process into the group that runs already. What it has touched before is not counted.</summary>
    public void Add(int process)
    {
        try
        {
            File.WriteAllText(Path.Combine(_folder, "cgroup.procs"), process.ToString(CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            // It has ended already.
        }
    }

    /// <summary>Whether the kernel has ended something in the group for want of memory.</summary>
    public bool WasExceeded
    {
        get
        {
            try
            {
                string? line = File.ReadLines(Path.Combine(_folder, _events)).FirstOrDefault(l => l.StartsWith("oom_kill ", StringComparison.Ordinal));
                return line is not null && line["oom_kill ".Length..].Trim() != "0";
            }
            catch (IOException)
            {
                return false;
            }
        }
    }

    /// <summary>Makes a group with this limit. Null where that is not possible.</summary>
    public static MemoryLimit? TryCreate(long octets)
    {
        string name = "morgana-" + Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        foreach (string line in File.ReadLines("/proc/self/cgroup"))
        {
            // cgroups(7): hierarchy-ID:controllers:path; version 2 has no controllers here.
            if (line.Split(':', 3) is not [_, var controllers, var path]) continue;
            MemoryLimit? limit = controllers == "memory"
                // Version 1: a group within our own.
                ? TryCreate($"/sys/fs/cgroup/memory{path.TrimEnd('/')}/{name}", "memory.limit_in_bytes", "memory.oom_control", octets)
                // Version 2 has processes only in leaves: a group beside our own.
                : controllers.Length == 0 && path != "/" ? TryCreate($"/sys/fs/cgroup{Path.GetDirectoryName(path)!.TrimEnd('/')}/{name}", "memory.max", "memory.events", octets)
                : null;
            if (limit is not null) return limit;
        }

        return null;
    }

    /// <summary>Removes the group, once nothing is in it.</summary>
    public void Dispose()
    {
        try
        {
            Directory.Delete(_folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Something that the guest has started still runs: the group stays as long as that.
        }
    }

    private static MemoryLimit? TryCreate(string folder, string setting, string events, long octets)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }

        var limit = new MemoryLimit(folder, events);
        try
        {
            string file = Path.Combine(folder, setting);
            // Without the controller the file is not there, and must not be made.
            using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Write);
            RandomAccess.Write(handle, System.Text.Encoding.ASCII.GetBytes(octets.ToString(CultureInfo.InvariantCulture)), 0);
            return limit;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            limit.Dispose();
            return null;
        }
    }
}
