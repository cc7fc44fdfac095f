// Walks through the files that lie beside it, writes down what it has seen, and reads that again. Nothing in it is of Morgana.
using System.Text.Json;

string beside = AppContext.BaseDirectory;
using (var settings = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(beside, "settings.json"))))
    Console.WriteLine(settings.RootElement.GetProperty("greeting").GetString());

string notes = Path.Combine(Path.GetTempPath(), "notes");
Directory.CreateDirectory(notes);
foreach (string file in Directory.EnumerateFiles(Path.Combine(beside, "library"), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
{
    int lines = File.ReadLines(file).Count(), octets = File.ReadAllBytes(file).Length;
    string told = $"{Path.GetRelativePath(beside, file)}: {lines} lines, {octets} octets";
    Console.WriteLine(told);
    await File.AppendAllTextAsync(Path.Combine(notes, "seen.txt"), told + "\n");
}

File.Move(Path.Combine(notes, "seen.txt"), Path.Combine(notes, "walk.txt"), overwrite: true);
Console.WriteLine($"noted: {File.ReadAllLines(Path.Combine(notes, "walk.txt")).Length} files in {Directory.GetFiles(notes).Length} file");

try
{
    File.OpenWrite(Path.Combine(beside, "settings.json")).Dispose();
    Console.WriteLine("settings.json can be written");
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    Console.WriteLine($"settings.json cannot be written: {e.GetType().Name}");
}

Directory.Delete(notes, recursive: true);
