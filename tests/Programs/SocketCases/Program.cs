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
foreach (var (state, make) in States.Tcp.Concat(States.Udp))
{
    foreach (var (call, run) in Calls.All)
    {
        Case.Run($"{state}, {call}", () =>
        {
            using var situation = make();
            return run(situation);
        });
    }
}

Options.RunAll();
Flows.RunAll();
return 0;
