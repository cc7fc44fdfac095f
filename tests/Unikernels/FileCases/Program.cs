// Calls of .NET's file classes, one case after the other. It is run twice, on Linux's files and on Morgana's, and must print the same.
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]

// The cases of sockets are another program's as well.
if (args is ["--sockets"])
{
    SocketCases.AllCases.Run();
    return;
}

// Lines that are flushed, one by one, until somebody ends it; and how many of them are there.
if (args is ["--append", var appended])
{
    Keeping.Append(appended);
    return;
}

if (args is ["--count", var counted])
{
    Keeping.Count(counted);
    return;
}

Cases.Root = args.Length > 0 ? args[0] : "/tmp/cases";
Directory.CreateDirectory(Cases.Root);
OpenCases.Run();
MoveCases.Run();
DirectoryCases.Run();
ContentCases.Run();
AttributeCases.Run();
SocketNodeCases.Run();
NetworkFileCases.Run();
Directory.Delete(Cases.Root, recursive: true);
Console.WriteLine($"everything was deleted: {!Directory.Exists(Cases.Root)}");
