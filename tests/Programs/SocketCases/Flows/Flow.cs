using System.Net;
using System.Net.Sockets;

namespace SocketCases;

/// <summary>What stories of several calls have in common.</summary>
internal static class Flow
{
    private static readonly IPEndPoint s_any = new(IPAddress.Loopback, 0);

    public static (Socket Client, Socket Server, Socket Listener) Connected()
    {
        var listener = Listen();
        var client = Situation.NewTcp();
        client.Connect(listener.LocalEndPoint!);
        return (client, listener.Accept(), listener);
    }

    public static Socket Listen(int backlog = 64)
    {
        var listener = Situation.NewTcp();
        listener.Bind(s_any);
        listener.Listen(backlog);
        return listener;
    }

    public static async Task<string> Outcome<T>(Task<T> task)
    {
        try
        {
            return $"{await task}";
        }
        catch (Exception e)
        {
            return Case.Describe(e);
        }
    }
}
