namespace SocketCases;

/// <summary>Every state with every call, every option, and every story.</summary>
internal static class AllCases
{
    public static void Run()
    {
        foreach (var (state, make) in States.Tcp.Concat(States.Udp).Concat(UnixStates.All))
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
        StreamFlows.RunAll();
        EndingFlows.RunAll();
        PortFlows.RunAll();
        DatagramFlows.RunAll();
        GroupFlows.RunAll();
        GroupSequences.RunAll();
        SharedPortFlows.RunAll();
        LimitFlows.RunAll();
        UnixFlows.RunAll();
        PingFlows.RunAll();
        InterfaceFlows.RunAll();
        HostileCalls.RunAll();
    }
}
