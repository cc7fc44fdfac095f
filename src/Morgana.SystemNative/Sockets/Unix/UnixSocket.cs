using Morgana.Core;
using Morgana.Hosting;
using Morgana.Sockets;

namespace Morgana.SystemNative;

/// <summary>unix(7): what stream and datagram sockets of this family share, which is their names and their memory.</summary>
/// <remarks>What all of them hold together is limited to an eighth of the guest's memory; beyond it sending is <c>ENOBUFS</c>.</remarks>
internal abstract class UnixSocket : OwnSocket
{
    private static readonly long s_mostOctets = GuestMemory.FromEnvironment().Total / 8;
    private static long s_octets;

    private readonly List<UnixSocket> _waitingForRoom = [];

    protected UnixSocket(NetworkLoop loop)
        : base(loop)
    {
        // net.core.wmem_default and rmem_default.
        Options.SendBuffer = 212992;
        Options.ReceiveBuffer = 212992;
    }

    public sealed override int Family => UnixAddress.Family;

    public sealed override int Protocol => 0;

    /// <summary>Its name, if it has one. In a turn.</summary>
    public UnixAddress? Name { get; protected set; }

    /// <summary>The name of whom it is connected to. In a turn.</summary>
    protected UnixAddress? PeerName { get; set; }

    protected abstract bool HasPeer { get; }

    protected bool ReceiveShut { get; set; }

    protected bool SendShut { get; set; }

    /// <summary>Whether its name is its listener's, which it does not give back.</summary>
    protected bool IsNameLent { get; init; }

    // unix_bind of Linux: a node is made before anybody asks whether the socket has a name already.
    public sealed override Error Bind(ReadOnlySpan<byte> address)
    {
        if (UnixAddress.IsUnnamed(address)) return BindToAny();
        var error = UnixAddress.Read(address, out var name);
        if (error != Error.Success) return error;
        if (name!.IsAbstract && IsNamed()) return Error.EINVAL;
        error = UnixNames.Bind(name, this);
        if (error != Error.Success) return error;
        using (Loop.TakeTurn())
        {
            if (Name is null && !IsClosed)
            {
                Name = name;
                return Error.Success;
            }
        }

        UnixNames.Release(name, this, wasBound: false);
        return Error.EINVAL;
    }

    public sealed override Error GetLocal(Span<byte> address, out int length)
    {
        using var turn = Loop.TakeTurn();
        length = UnixAddress.Write(Name, address);
        return Error.Success;
    }

    public sealed override Error GetPeer(Span<byte> address, out int length)
    {
        using var turn = Loop.TakeTurn();
        length = 0;
        if (!HasPeer) return Error.ENOTCONN;
        length = UnixAddress.Write(PeerName, address);
        return Error.Success;
    }

    // Whoever it is connected to is this program too. As on Linux, a stream alone tells.
    public sealed override (int Process, uint User, uint Group) PeerCredentials()
    {
        using var turn = Loop.TakeTurn();
        return Type == 1 && (HasPeer || IsListening) ? (Environment.ProcessId, Real.GetEUid(), Real.GetEGid()) : base.PeerCredentials();
    }

    public override Error Disconnect() => Error.EINVAL;

    protected sealed override void FailInTurn(Error error)
    {
        // Nothing here needs the network.
    }

    /// <summary>Its name is free, or its node nobody's. Outside of what the sub-class does with its peer. In a turn.</summary>
    protected void ReleaseName()
    {
        if (Name is { } name && !IsNameLent) UnixNames.Release(name, this, wasBound: true);
        Name = null;
    }

    /// <summary>Memory for octets that somebody is to receive.</summary>
    protected static bool TryReserve(int count)
    {
        if (Interlocked.Add(ref s_octets, count) <= s_mostOctets) return true;
        Interlocked.Add(ref s_octets, -count);
        return false;
    }

    protected static void Release(int count) => Interlocked.Add(ref s_octets, -count);

    /// <summary>Another wants to hear when there is room here. In a turn.</summary>
    protected void AddWaitingForRoom(UnixSocket other)
    {
        if (!_waitingForRoom.Contains(other)) _waitingForRoom.Add(other);
    }

    /// <summary>There is room, or never will be. In a turn.</summary>
    protected void TellOfRoom()
    {
        if (_waitingForRoom.Count == 0) return;
        UnixSocket[] waiting = [.. _waitingForRoom];
        _waitingForRoom.Clear();
        foreach (var other in waiting) other.Notify(SocketEvents.Write);
    }

    private Error BindToAny()
    {
        using var turn = Loop.TakeTurn();
        // unix_autobind of Linux: one that has a name keeps it.
        if (Name is not null) return Error.Success;
        var error = UnixNames.Choose(this, out var name);
        Name = name;
        return error;
    }

    private bool IsNamed()
    {
        using var turn = Loop.TakeTurn();
        return Name is not null;
    }
}
