using System.Net;
using System.Net.Sockets;

namespace SocketCases;

/// <summary>Random sequences of joining, leaving, and naming sources, from seeds: each call's outcome, and who is heard after it.</summary>
internal static class GroupSequences
{
    private const int Seeds = 24;
    private const int Steps = 30;

    private static readonly SocketOptionName[] s_names =
    [
        SocketOptionName.AddMembership, SocketOptionName.DropMembership, SocketOptionName.AddSourceMembership,
        SocketOptionName.DropSourceMembership, SocketOptionName.BlockSource, SocketOptionName.UnblockSource,
    ];

    public static void RunAll()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            int own = seed;
            Case.Run($"groups and sources {own}", () => Sequence(own));
        }

        Case.Run("as many sources as may be", TooMany);
    }

    private static string Sequence(int seed)
    {
        var random = new Random(seed);
        // Groups of its own, so that nothing which another case has joined matters.
        byte[][] groups = [[239, 78, (byte)seed, 1], [239, 78, (byte)seed, 2]], sources = [[127, 0, 0, 1], [127, 0, 0, 5], [10, 9, 8, 7]];
        Socket[] receivers = [Receiver(), Receiver()], senders = [GroupFlows.Sender(), GroupFlows.Sender("127.0.0.5")];
        var text = new List<string>();
        for (byte step = 1; step <= Steps; step++)
        {
            int who = random.Next(receivers.Length), group = random.Next(groups.Length), source = random.Next(sources.Length);
            var name = s_names[random.Next(s_names.Length)];
            byte[] request = [.. groups[group], 127, 0, 0, 1, .. (name is SocketOptionName.AddMembership or SocketOptionName.DropMembership ? new byte[4] : sources[source])];
            string outcome = Code(() => receivers[who].SetSocketOption(SocketOptionLevel.IP, name, request));
            for (int sender = 0; sender < senders.Length; sender++)
            {
                foreach (var receiver in receivers)
                    senders[sender].SendTo([step, (byte)sender], new IPEndPoint(new IPAddress(groups[group]), GroupFlows.Port(receiver)));
            }

            text.Add($"{name}({who},{group},{source})={outcome}{GroupFlows.Heard(receivers[0])}{GroupFlows.Heard(receivers[1])}");
        }

        foreach (var socket in receivers.Concat(senders)) socket.Dispose();
        return string.Join(' ', text);
    }

    private static string TooMany()
    {
        using var socket = Situation.NewUdp();
        return string.Join(' ', Enumerable.Range(0, 12).Select(i => Code(() =>
            socket.SetSocketOption(SocketOptionLevel.IP, SocketOptionName.AddSourceMembership, [239, 78, 0, 1, 127, 0, 0, 1, 10, 0, 0, (byte)i]))));
    }

    private static Socket Receiver()
    {
        var socket = Situation.NewUdp();
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return socket;
    }

    private static string Code(Action call)
    {
        try
        {
            call();
            return "ok";
        }
        catch (SocketException e)
        {
            return $"{e.SocketErrorCode}/{e.NativeErrorCode}";
        }
    }
}
