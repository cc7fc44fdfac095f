using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Morgana.Gateway.Tcp;

/// <summary>Asks once whether a port of the guest accepts connections.</summary>
internal sealed class GuestProbe
{
    private readonly TaskCompletionSource<bool> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TcpControlBlock? _tcb;

    /// <summary>True once the guest has accepted, false when it has refused or the time is up.</summary>
    public Task<bool> Answer => _answer.Task;

    /// <summary>Sends the SYN. Loop's thread.</summary>
    public void Begin(TcpStack tcp, GatewayOptions options, ushort port, int mtu, Instant now)
    {
        var guest = new IpEndpoint(options.GuestAddress, port);
        if (tcp.TryConnect(new IpEndpoint(options.Address, 0), guest, mtu, GatewayStack.ConnectionOptions, now, out _tcb) == TcpConnectError.None) _tcb!.Owner = this;
        else _answer.TrySetResult(false);
    }

    /// <summary>The connection has events. Loop's thread.</summary>
    public void OnEvents(TcpControlBlock tcb, TcpEvents events, Instant now)
    {
        if ((events & TcpEvents.Connected) != 0) End(tcb, accepted: true, now);
        else if ((events & (TcpEvents.Refused | TcpEvents.Reset | TcpEvents.TimedOut | TcpEvents.Closed)) != 0) End(null, accepted: false, now);
    }

    /// <summary>Gives up. Loop's thread.</summary>
    public void GiveUp(Instant now)
    {
        if (_tcb is { } tcb) End(tcb, accepted: false, now);
    }

    private void End(TcpControlBlock? tcb, bool accepted, Instant now)
    {
        if (_tcb is null) return;
        // After any of these the block belongs to the stack again.
        if (accepted) _tcb.Close(now);
        else if (tcb is null) _tcb.Owner = null;
        else _tcb.Abort(now);
        _tcb = null;
        _answer.TrySetResult(accepted);
    }
}
