using System.Globalization;

namespace Morgana.Cli.Tests.Running;

/// <summary>Who started whom, as /proc tells it.</summary>
internal static class ProcessTree
{
    /// <summary>A process that cannot be mistaken for a later one with its number.</summary>
    internal readonly record struct Member(int Id, string Started)
    {
        /// <summary>Whether it still runs.</summary>
        public bool IsAlive => Read(Id) is { } stat && stat.Started == Started && stat.State != 'Z';

        public override string ToString() => $"{Id} ({Name(Id)})";
    }

    /// <summary>The children of all of a process's threads.</summary>
    public static IEnumerable<int> Children(int process)
    {
        var children = new List<int>();
        try
        {
            foreach (string thread in Directory.GetDirectories($"/proc/{process}/task"))
                children.AddRange(File.ReadAllText(thread + "/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(c => int.Parse(c, CultureInfo.InvariantCulture)));
        }
        catch (IOException)
        {
            // It ends just now.
        }

        return children;
    }

    /// <summary>The process and all that descends from it.</summary>
    public static IReadOnlyList<Member> All(int process)
    {
        var members = new List<Member>();
        if (Read(process) is { } stat) members.Add(new(process, stat.Started));
        foreach (int child in Children(process)) members.AddRange(All(child));
        return members;
    }

    /// <summary>The program's short name. Null if it has gone.</summary>
    public static string? Name(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/comm").Trim();
        }
        catch (IOException)
        {
            return null;
        }
    }

    // proc(5): the state is the third field, the start time the 22nd; the name before them may hold anything.
    private static (char State, string Started)? Read(int process)
    {
        try
        {
            string text = File.ReadAllText($"/proc/{process}/stat");
            string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (fields[0][0], fields[19]);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
