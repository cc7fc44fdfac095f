using System.Net;
using System.Net.Sockets;
using Morgana.Core;
using Morgana.Gateway.Loop;
using Morgana.Protocols.Tcp;

namespace Morgana.Gateway.Tcp;

/// <summary>One TCP connection that is carried over: the guest's end is a TCB of our stack, the other a socket of the host.</summary>
/// <remarks>
/// Octets, ends (FIN) and resets go over in both directions. Memory is bounded: the guest's window opens only when the host has accepted
/// what came, and the host socket is read only while the send queue towards the guest has room.
/// </remarks>
internal sealed class TcpRelay : Flow, IHostOperationOwner, ILoopFlow
{
    /// <summary>Octets for each direction in one turn, so that a fast flow does not starve the others.</summary>
    private const int TurnBudget = 256 << 10;

    private readonly GatewayLoop _loop;
    private readonly TcpRelays _relays;
    private Socket _host;
    private readonly TcpControlBlock _guest;
    private readonly HostOperation _readable;
    private readonly HostOperation _writable;
    private Queue<IPEndPoint>? _alternatives;
    private BlockChain _toHost;
    private byte[] _toGuest = [];       // Read from the host, but the pool was empty. Rare, and at most one scratch buffer.
    private bool _connecting;
    private bool _again;
    private bool _waitsForMemory;
    private bool _hostEnded;            // The host's FIN was read and passed on.
    private bool _guestEnded;           // The guest's FIN was passed on.
    private bool _closed;

    /// <summary>A relay between the guest's <paramref name="guest"/> and a connection <paramref name="host"/>, which is open or still to be opened.</summary>
    public TcpRelay(GatewayLoop loop, TcpRelays relays, Socket host, TcpControlBlock guest, Instant now)
    {
        (_loop, _relays, _host, _guest) = (loop, relays, host, guest);
        OpenedAt = now;
        Opening = new(this);
        _readable = new HostOperation(loop, this);
        _writable = new HostOperation(loop, this);
        Prepare(host);
        guest.Owner = this;
    }

    /// <summary>Whether the host's connection, or the guest's, is still being opened.</summary>
    public bool IsOpening { get; private set; } = true;

    /// <summary>Since when.</summary>
    public Instant OpenedAt { get; }

    /// <summary>The relay's place among those that are being opened.</summary>
    internal LinkedListNode<TcpRelay> Opening { get; }

    /// <inheritdoc/>
    public override bool IsIdle => !_readable.IsPending && !_writable.IsPending;

    /// <summary>Opens the host's connection, for a guest that waits for its handshake. If one address fails, the next is tried.</summary>
    public void ConnectHost(IPEndPoint remote, IEnumerable<IPEndPoint> alternatives, Instant now)
    {
        _alternatives = new(alternatives);
        _connecting = true;
        _writable.RemoteEndPoint = remote;
        if (!_writable.TryConnect(_host)) OnHostConnected(now);
    }

    /// <summary>The stack has events for the guest's end.</summary>
    public void OnGuestEvents(TcpEvents events, Instant now)
    {
        if (_closed) return;
        if ((events & (TcpEvents.Reset | TcpEvents.TimedOut | TcpEvents.Refused)) != 0)
        {
            if (IsOpening) _loop.Counters.TcpFailed++;
            if (IsOpening && (events & TcpEvents.Refused) != 0) _relays.OnGuestRefuses(_guest.Remote.Port);
            LetGoOfGuest();
            CloseHost(reset: true);
            return;
        }

        if ((events & TcpEvents.Connected) != 0 && !_connecting) OnOpen();
        if (!IsOpening) Pump(now);
        if ((events & TcpEvents.Closed) == 0 || _closed || !_toHost.IsEmpty) return;
        LetGoOfGuest();
        CloseHost(reset: !(_hostEnded && _guestEnded));
    }

    /// <inheritdoc/>
    public void OnCompleted(HostOperation operation, Instant now)
    {
        if (_closed)
        {
            if (!IsIdle) return;
            _toHost.Clear();
            _relays.OnDrained();
            return;
        }

        if (_connecting) OnHostConnected(now);
        else if (ReferenceEquals(operation, _writable)) OnHostSent(now);
        else if (operation.SocketError != SocketError.Success) Abort(now);      // The host says so only once: the next read would see an end.
        else Pump(now);
    }

    /// <inheritdoc/>
    public void Pump(Instant now)
    {
        _again = false;
        if (_closed || IsOpening) return;
        PumpToHost(now);
        if (_closed) return;
        PumpToGuest(now);
        if (_closed) return;
        if (_hostEnded && _guestEnded)
        {
            // Everything has been handed on: what is left, each side's own stack does by itself.
            _guest.Close(now);
            CloseHost(reset: false);
        }
    }

    /// <summary>The pool has memory again.</summary>
    public void RetryWithMemory(Instant now)
    {
        _waitsForMemory = false;
        Pump(now);
    }

    /// <summary>Ends the connection on both sides with a reset.</summary>
    public override void Abort(Instant now)
    {
        if (_closed) return;
        _guest.Abort(now);
        CloseHost(reset: true);
    }

    /// <summary>A socket to connect to <paramref name="remote"/> with.</summary>
    public static Socket OpenSocket(IPEndPoint remote) => new(remote.AddressFamily, SocketType.Stream, ProtocolType.Tcp);

    private static void Prepare(Socket host)
    {
        host.Blocking = false;
        host.NoDelay = true;                // The sender's own stack has decided what makes a segment.
    }

    private void OnHostConnected(Instant now)
    {
        if (_writable.SocketError != SocketError.Success)
        {
            if (TryConnectNext(now)) return;
            _loop.Counters.TcpFailed++;
            Abort(now);
            return;
        }

        _connecting = false;
        OnOpen();
        _loop.Counters.TcpOpened++;
        _guest.AcceptHandshake(now);
        Pump(now);
    }

    private bool TryConnectNext(Instant now)
    {
        if (!_alternatives!.TryDequeue(out var next)) return false;
        Socket socket;
        try
        {
            socket = OpenSocket(next);
        }
        catch (SocketException)
        {
            return TryConnectNext(now);     // The host has no descriptor left for us, or does not speak this version.
        }

        _host.Dispose();
        Prepare(_host = socket);

        _writable.RemoteEndPoint = next;
        if (!_writable.TryConnect(_host)) OnHostConnected(now);
        return true;
    }

    private void OnOpen()
    {
        IsOpening = false;
        _relays.RemoveOpening(this);
    }

    private void PumpToHost(Instant now)
    {
        int budget = TurnBudget;
        _guest.TakeReceived(ref _toHost);
        while (!_toHost.IsEmpty && !_writable.IsPending)
        {
            if (budget <= 0)
            {
                RequestTurn();
                return;
            }

            int sent = _host.Send(Gather(), SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                // The rest waits for the host, in the very block that it came in.
                var head = _toHost.Head!;
                if (!_writable.TrySend(_host, head.Whole[head.Start..head.End])) OnHostSent(now);
                return;
            }

            if (error != SocketError.Success)
            {
                Abort(now);
                return;
            }

            OnAccepted(sent, now);
            budget -= sent;
            _guest.TakeReceived(ref _toHost);
        }

        if (_toHost.IsEmpty && _guest.IsEndOfStream && !_guestEnded)
        {
            _guestEnded = true;
            TryShutdownHost();
        }
    }

    private void OnHostSent(Instant now)
    {
        if (_writable.SocketError != SocketError.Success)
        {
            Abort(now);
            return;
        }

        OnAccepted(_writable.BytesTransferred, now);
        Pump(now);
    }

    private void OnAccepted(int count, Instant now)
    {
        _toHost.Consume(count);
        _guest.Consumed(count, now);
        _loop.Counters.TcpBytesToHost += count;
        _relays.Touch(this, now);
    }

    private void PumpToGuest(Instant now)
    {
        if (_hostEnded || _readable.IsPending || !FlushToGuest(now)) return;
        int budget = TurnBudget;
        while (_guest.SendRoom is > 0 and var room)
        {
            if (budget <= 0)
            {
                RequestTurn();
                return;
            }

            int read = _host.Receive(_loop.Scratch.AsSpan(0, Math.Min(room, _loop.Scratch.Length)), SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                if (_readable.TryWaitReadable(_host)) return;
                error = _readable.SocketError;
                if (error == SocketError.Success) continue;
            }

            if (error != SocketError.Success)
            {
                Abort(now);
                return;
            }

            if (read == 0)
            {
                _hostEnded = true;
                _guest.Shutdown(now);
                return;
            }

            budget -= read;
            _loop.Counters.TcpBytesToGuest += read;
            _relays.Touch(this, now);
            int written = _guest.Write(_loop.Scratch.AsSpan(0, read), now);
            if (written == read) continue;
            _toGuest = _loop.Scratch[written..read];
            RetryWhenMemory();
            return;
        }
    }

    /// <summary>Writes what the pool had no memory for.</summary>
    private bool FlushToGuest(Instant now)
    {
        if (_toGuest.Length == 0) return true;
        int written = _guest.Write(_toGuest, now);
        _toGuest = written == _toGuest.Length ? [] : _toGuest[written..];
        if (_toGuest.Length == 0) return true;
        RetryWhenMemory();
        return false;
    }

    // Once, however many events come while there is none.
    private void RetryWhenMemory()
    {
        if (_waitsForMemory) return;
        _waitsForMemory = true;
        _relays.RetryWhenMemory(this);
    }

    /// <summary>The first octets for the host, in one piece: a system call costs more than the copy.</summary>
    private ReadOnlySpan<byte> Gather()
    {
        var head = _toHost.Head!;
        if (head.NextBlock is null) return head.Data;
        int count = 0;
        for (var block = head; block is not null && count + block.Length <= _loop.Scratch.Length; block = block.NextBlock)
        {
            block.Data.CopyTo(_loop.Scratch.AsSpan(count));
            count += block.Length;
        }

        return _loop.Scratch.AsSpan(0, count);
    }

    private void RequestTurn()
    {
        if (_again) return;
        _again = true;
        _loop.Again(this);
    }

    private void TryShutdownHost()
    {
        try
        {
            _host.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The other side was faster and has reset the connection: reading will say so.
        }
    }

    /// <summary>The stack has ended the connection by itself: its block goes back.</summary>
    private void LetGoOfGuest() => _guest.Owner = null;

    private void CloseHost(bool reset)
    {
        _closed = true;
        if (reset) _host.LingerState = new LingerOption(true, 0);
        _host.Dispose();
        _toGuest = [];
        if (!_writable.IsPending) _toHost.Clear();
        _relays.Remove(this);
    }
}
