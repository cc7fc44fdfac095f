// An ordinary program that keeps a file. It says nothing of where that is: --mount does, when it is run.
string folder = Environment.GetEnvironmentVariable("DIARY") ?? "/data", file = Path.Combine(folder, "diary.txt");
if (!Directory.Exists(folder))
{
    Console.Error.WriteLine($"There is no {folder} to keep a diary in.");
    return 1;
}

if (args.Length > 0)
{
    using var diary = new FileStream(file, FileMode.Append, FileAccess.Write);
    diary.Write(System.Text.Encoding.UTF8.GetBytes($"{DateTime.UtcNow:yyyy-MM-dd HH:mm} {string.Join(' ', args)}\n"));
    diary.Flush(flushToDisk: true);         // From here on a power cut does not take it back.
}

foreach (string line in File.Exists(file) ? File.ReadLines(file) : []) Console.WriteLine(line);
return 0;
