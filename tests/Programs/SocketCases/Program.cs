using SocketCases;

// SocketCases [--ours FOLDER] [FILTER]: prints every case with its outcome. --limits: those that need all sockets there can be. SocketCases --both FOLDER: our own interface beside .NET's sockets.
string[] rest = args;
if (rest is ["--ours", var folder, ..])
{
    Environment.SetEnvironmentVariable("MORGANA_DEVICES", "");
    Substitution.Install(folder);
    rest = rest[2..];
}

if (rest is ["--both", var substitute])
{
    Substitution.Install(substitute);
    await BothWays.RunAsync();
    return 0;
}

if (rest is ["--limits"])
{
    LimitFlows.RunFull();
    return 0;
}

if (rest.Length > 0) Case.Filter = rest[0];
AllCases.Run();
return 0;
