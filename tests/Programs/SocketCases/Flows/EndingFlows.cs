using System.Net;
using System.Net.Sockets;
using static SocketCases.Flow;

namespace SocketCases;

/// <summary>How connections, calls and sockets end.</summary>
internal static class EndingFlows
{
    private static readonly IPEndPoint s_any = new(IPAddress.Loopback, 0);

    public static void RunAll()
    {
        Case.Run("half-close", HalfClose);
        Case.Run("connect to nobody", ConnectRefused);
        Case.Run("receive cancelled", ReceiveCancelled);
        Case.Run("accept cancelled", AcceptCancelled);
        Case.Run("receive ends when the socket is disposed", ReceiveDisposed);
        Case.Run("accept ends when the listener is disposed", AcceptDisposed);
        Case.Run("blocking receive ends when the socket is disposed", BlockingReceiveDisposed);
        Case.Run("blocking accept ends when the listener is disposed", BlockingAcceptDisposed);
        Case.Run("listener disposed with one waiting", ListenerGone);
        Case.Run("linger with time", Linger);
        Case.Run("abort reaches the peer", Abort);
    }

    private static async Task<string> HalfClose()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            await client.SendAsync(new byte[3]);
            client.Shutdown(SocketShutdown.Send);
            byte[] buffer = new byte[16];
            int first = await server.ReceiveAsync(buffer), second = await server.ReceiveAsync(buffer);
            await server.SendAsync(new byte[5]);
            server.Shutdown(SocketShutdown.Send);
            return $"{first} {second} {await client.ReceiveAsync(buffer)} {await client.ReceiveAsync(buffer)}";
        }
    }

    private static async Task<string> ConnectRefused()
    {
        var gone = Listen();
        var endpoint = gone.LocalEndPoint!;
        gone.Dispose();
        using var client = Situation.NewTcp();
        try
        {
            await client.ConnectAsync(endpoint);
            return "connected";
        }
        catch (SocketException e)
        {
            return $"{e.SocketErrorCode} {client.Connected}";
        }
    }

    private static async Task<string> ReceiveCancelled()
    {
        var (client, server, listener) = Connected();
        using (client) using (server) using (listener)
        {
            using var source = new CancellationTokenSource();
            var receiving = client.ReceiveAsync(new byte[4], source.Token).AsTask();
            await source.CancelAsync();
            string first = await Outcome(receiving);
            await server.SendAsync(new byte[2]);
            return $"{first}, then {await client.ReceiveAsync(new byte[4])}";
        }
    }

    private static async Task<string> AcceptCancelled()
    {
        using var listener = Listen();
        using var source = new CancellationTokenSource();
        var accepting = listener.AcceptAsync(source.Token).AsTask();
        await source.CancelAsync();
        string first = await Outcome(accepting);
        using var client = Situation.NewTcp();
        await client.ConnectAsync(listener.LocalEndPoint!);
        using var server = await listener.AcceptAsync();
        return $"{first}, then {server.Connected}";
    }

    private static async Task<string> ReceiveDisposed()
    {
        var (client, server, listener) = Connected();
        using (server) using (listener)
        {
            var receiving = client.ReceiveAsync(new byte[1]);
            client.Dispose();
            return await Outcome(receiving);
        }
    }

    private static async Task<string> AcceptDisposed()
    {
        var listener = Listen();
        var accepting = listener.AcceptAsync();
        listener.Dispose();
        return await Outcome(accepting);
    }

    private static async Task<string> BlockingReceiveDisposed()
    {
        var (client, server, listener) = Connected();
        using (server) using (listener)
        {
            var receiving = await BegunAsync(() => client.Receive(new byte[1]));
            client.Dispose();
            return Ended(await Outcome(receiving));
        }
    }

    private static async Task<string> BlockingAcceptDisposed()
    {
        var listener = Listen();
        var accepting = await BegunAsync(listener.Accept);
        listener.Dispose();
        return Ended(await Outcome(accepting));
    }

    private static async Task<string> ListenerGone()
    {
        var listener = Listen();
        using var client = Situation.NewTcp();
        await client.ConnectAsync(listener.LocalEndPoint!);
        listener.Dispose();
        return await Outcome(client.ReceiveAsync(new byte[1]));
    }

    private static async Task<string> Linger()
    {
        var (client, server, listener) = Connected();
        using (server) using (listener)
        {
            client.LingerState = new(true, 2);
            await client.SendAsync(new byte[1000]);
            client.Dispose();
            byte[] buffer = new byte[4096];
            int total = 0;
            for (int count; (count = await server.ReceiveAsync(buffer)) > 0;) total += count;
            return $"{total}";
        }
    }

    private static async Task<string> Abort()
    {
        var (client, server, listener) = Connected();
        using (server) using (listener)
        {
            client.LingerState = new(true, 0);
            client.Dispose();
            return await Outcome(server.ReceiveAsync(new byte[1])) + ", then " + await Outcome(server.SendAsync(new byte[1]));
        }
    }

    // A call on a thread of its own, which was about to make it.
    private static async Task<Task<T>> BegunAsync<T>(Func<T> call)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var task = Task.Factory.StartNew(() =>
        {
            begun.SetResult();
            return call();
        }, TaskCreationOptions.LongRunning);
        await begun.Task;
        return task;
    }

    // On a busy machine the socket may be gone before the call has begun.
    private static string Ended(string outcome) =>
        outcome.Contains("Interrupted", StringComparison.Ordinal) || outcome.Contains("Aborted", StringComparison.Ordinal) || outcome == nameof(ObjectDisposedException) ? "ended" : outcome;
}
