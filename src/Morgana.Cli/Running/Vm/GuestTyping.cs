namespace Morgana.Cli.Running.Vm;

/// <summary>The user's input as a virtual machine's console takes it: Morgana.Kernel/Console/TerminalInput.cs. What would be a key there is quoted, as by Ctrl-V.</summary>
internal sealed class GuestTyping(GuestLine console)
{
    private const byte LiteralNext = 0x16, EndOfFile = 4;
    private const int Credit = 1024;                    // Morgana.Kernel/Console/Terminal.cs

    private readonly object _gate = new();
    private int _room;

    /// <summary>The kernel has room for so many octets more; the first time it says so, its line is ready.</summary>
    public void Grant()
    {
        lock (_gate)
        {
            _room += Credit;
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Begins to forward what the user says.</summary>
    public void Begin() => UserInput.Forward(Type, () =>
    {
        _ = TakeRoom(1);
        console.Write([EndOfFile]);
    });

    /// <summary>Types it, as room comes.</summary>
    internal void Type(ReadOnlySpan<byte> octets)
    {
        while (octets.Length > 0)
        {
            int count = TakeRoom(octets.Length);
            console.Write(Quote(octets[..count]));
            octets = octets[count..];
        }
    }

    /// <summary>Keys as content: interrupt, end, quote itself, and the runner's own.</summary>
    internal static byte[] Quote(ReadOnlySpan<byte> octets)
    {
        var quoted = new List<byte>(octets.Length);
        foreach (byte octet in octets)
        {
            if (octet is 3 or EndOfFile or LiteralNext or VmTarget.TerminateKey) quoted.Add(LiteralNext);
            quoted.Add(octet);
        }

        return [.. quoted];
    }

    private int TakeRoom(int most)
    {
        lock (_gate)
        {
            while (_room == 0) Monitor.Wait(_gate);
            int count = Math.Min(_room, most);
            _room -= count;
            return count;
        }
    }
}
