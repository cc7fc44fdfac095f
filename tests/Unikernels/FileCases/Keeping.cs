/// <summary>A file that somebody relies on: it is flushed, then told, and the power may go at any time.</summary>
internal static class Keeping
{
    private const int LineLength = 8;

    /// <summary>Appends numbered lines, and says each once it is flushed. Beside them a file is replaced as editors do it.</summary>
    public static void Append(string folder)
    {
        using var lines = new FileStream(Path.Combine(folder, "lines"), FileMode.Append, FileAccess.Write);
        for (long i = lines.Length / LineLength; ; i++)
        {
            lines.Write(System.Text.Encoding.ASCII.GetBytes($"{i:d7}\n"));
            File.WriteAllText(Path.Combine(folder, "new"), new string('x', 5000) + $" {i}");
            File.Move(Path.Combine(folder, "new"), Path.Combine(folder, "whole"), overwrite: true);
            lines.Flush(flushToDisk: true);
            Console.WriteLine($"flushed {i}");
        }
    }

    /// <summary>Says how many lines there are, that each is the right one, and that the other file is whole.</summary>
    public static void Count(string folder)
    {
        string[] lines = File.ReadAllLines(Path.Combine(folder, "lines"));
        bool isWhole = File.ReadAllText(Path.Combine(folder, "whole")) is { Length: > 5001 } text && text[..5001] == new string('x', 5000) + " " && long.Parse(text[5001..]) + 2 >= lines.Length;
        Console.WriteLine($"{lines.Length} lines, in order: {lines.Select((l, i) => l == $"{i:d7}").All(b => b)}, whole: {isWhole}");
    }
}
