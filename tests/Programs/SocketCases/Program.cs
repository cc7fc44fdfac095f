using SocketCases;

// SocketCases [--ours FOLDER] [FILTER]: prints every case with its outcome.
var rest = args.AsSpan();
if (rest is ["--ours", var folder, ..])
{
    Environment.SetEnvironmentVariable("MORGANA_DEVICES", "");
    Substitution.Install(folder);
    rest = rest[2..];
}

if (rest.Length > 0) Case.Filter = rest[0];
AllCases.Run();
return 0;
