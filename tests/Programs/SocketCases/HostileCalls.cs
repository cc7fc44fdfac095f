using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace SocketCases;

/// <summary>The platform's functions, called past .NET's own checks: random sequences with arguments that no sane program passes.</summary>
/// <remarks>The sequences come from seeds, and the answers are told as error codes, so that both systems are asked the same.</remarks>
internal static unsafe partial class HostileCalls
{
    private const int Seeds = 40;
    private const int CallsOfEach = 60;
    private const string Library = "libSystem.Native";

    public static void RunAll()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            int own = seed;
            Case.Run($"hostile calls {own}", () => Sequence(own));
        }
    }

    private static string Sequence(int seed)
    {
        var random = new Random(seed);
        // Linux gives the lowest number that is free: what the runtime opens meanwhile takes one of these, and not that of what is closed below.
        var fillers = Enumerable.Range(0, 16).Select(_ => Situation.NewUdp()).ToArray();
        using Socket tcp = Situation.NewTcp(), udp = Situation.NewUdp(), unix = UnixStates.New(SocketType.Stream), datagrams = UnixStates.New(SocketType.Dgram), closed = Situation.NewTcp();
        using var listener = Situation.NewTcp();
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(16);
        Socket[] sockets = [tcp, udp, unix, datagrams, listener];
        foreach (var socket in sockets) socket.Blocking = false;
        nint gone = closed.Handle;
        closed.Dispose();
        foreach (var filler in fillers) filler.Dispose();
        nint[] descriptors = [.. sockets.Select(s => s.Handle), -1, int.MinValue, 1 << 20, gone];
        var text = new List<string>();
        byte* memory = (byte*)NativeMemory.AllocZeroed(4096);
        try
        {
            for (int i = 0; i < CallsOfEach; i++)
            {
                int which = random.Next(descriptors.Length);
                int answer = Call(random, descriptors[which], memory, out string call);
                text.Add($"{call}({which})={answer & 0xFFFF:x}");
            }
        }
        finally
        {
            NativeMemory.Free(memory);
        }

        return string.Join(' ', text);
    }

    private static int Call(Random random, nint descriptor, byte* memory, out string call)
    {
        int length = Pick(random, 0, 1, 2, 3, 15, 16, 17, 28, 110, 111, 128, -1, int.MinValue);
        bool isNull = random.Next(8) == 0;
        byte* buffer = isNull ? null : memory;
        WriteAddress(random, memory);
        int count = 0;
        long sent = 0;
        nint accepted = -1;
        int error;
        switch (random.Next(13))
        {
            case 0:
                call = $"bind[{memory[0]},{length},{isNull}]";
                return Bind(descriptor, 0, buffer, length);
            case 1:
                // A connection to everybody: refused at once, and nothing is sent.
                if (memory[0] == 2) new Span<byte>(memory + 4, 4).Fill(255);
                call = $"connect[{memory[0]},{length},{isNull}]";
                return Connect(descriptor, buffer, length);
            case 2:
                int how = Pick(random, 0, 1, 2, 3, -1);
                call = $"shutdown[{how}]";
                return Shutdown(descriptor, how);
            case 3:
                call = $"accept[{isNull}]";
                count = 128;
                error = Accept(descriptor, buffer, isNull ? null : &count, &accepted);
                if (error == 0) Close(accepted);
                return error;
            case 4:
                call = $"name[{isNull}]";
                count = Pick(random, 128, 0, -1);
                return GetSockName(descriptor, buffer, &count);
            case 5:
                call = $"peer[{isNull}]";
                count = Pick(random, 128, 0, -1);
                return GetPeerName(descriptor, buffer, &count);
            case 6:
                call = $"available[{isNull}]";
                return GetBytesAvailable(descriptor, isNull ? null : &count);
            case 7:
                int flags = Pick(random, 0, 2, 0x10, 0x8000, 0x40000000);
                call = $"send[{flags},{length},{isNull}]";
                return Send(descriptor, buffer, length, flags, isNull ? null : &count);
            case 8:
                flags = Pick(random, 0, 2, 0x10, 0x8000, 0x40000000);
                call = $"receive[{flags},{length},{isNull}]";
                return Receive(descriptor, buffer, length, flags, isNull ? null : &count);
            case 9:
                int level = Pick(random, 0xffff, 0, 6, 17, 12345), name = Pick(random, 8, 0x20, 0x1007, 4, 1, 9999), size = Pick(random, 4, 0, 1, 3, 8, -1);
                call = $"set[{level},{name},{size}]";
                memory[0] = 1;
                return SetSockOpt(descriptor, level, name, memory, size);
            case 10:
                level = Pick(random, 0xffff, 0, 6, 12345);
                name = Pick(random, 8, 0x20, 0x1008, 4, 1, 9999);
                count = Pick(random, 4, 0, 1, 3, 8, -1);
                call = $"get[{level},{name},{count}]";
                return GetSockOpt(descriptor, level, name, memory, &count);
            case 11:
                call = $"message[{isNull}]";
                return SendMessage(descriptor, null, 0, isNull ? null : &sent);
            default:
                call = "error";
                return GetSocketErrorOption(descriptor, isNull ? null : &count);
        }
    }

    // Of a family that may be the wrong one; an address that is not ours, or a name that nobody has.
    private static void WriteAddress(Random random, byte* memory)
    {
        new Span<byte>(memory, 128).Clear();
        memory[0] = (byte)Pick(random, 2, 2, 1, 1, 0, 10, 77);
        if (memory[0] == 2) (memory[4], memory[5], memory[6], memory[7]) = (192, 0, 2, 1);
        if (memory[0] == 1) "\0nobody has this name"u8.CopyTo(new Span<byte>(memory + 2, 100));
    }

    private static int Pick(Random random, params ReadOnlySpan<int> values) => values[random.Next(values.Length)];

    [LibraryImport(Library, EntryPoint = "SystemNative_Bind")]
    private static partial int Bind(nint socket, int protocol, byte* address, int length);

    [LibraryImport(Library, EntryPoint = "SystemNative_Connect")]
    private static partial int Connect(nint socket, byte* address, int length);

    [LibraryImport(Library, EntryPoint = "SystemNative_Shutdown")]
    private static partial int Shutdown(nint socket, int how);

    [LibraryImport(Library, EntryPoint = "SystemNative_Accept")]
    private static partial int Accept(nint socket, byte* address, int* length, nint* accepted);

    [LibraryImport(Library, EntryPoint = "SystemNative_GetSockName")]
    private static partial int GetSockName(nint socket, byte* address, int* length);

    [LibraryImport(Library, EntryPoint = "SystemNative_GetPeerName")]
    private static partial int GetPeerName(nint socket, byte* address, int* length);

    [LibraryImport(Library, EntryPoint = "SystemNative_GetBytesAvailable")]
    private static partial int GetBytesAvailable(nint socket, int* available);

    [LibraryImport(Library, EntryPoint = "SystemNative_Send")]
    private static partial int Send(nint socket, byte* buffer, int length, int flags, int* sent);

    [LibraryImport(Library, EntryPoint = "SystemNative_Receive")]
    private static partial int Receive(nint socket, byte* buffer, int length, int flags, int* received);

    [LibraryImport(Library, EntryPoint = "SystemNative_SetSockOpt")]
    private static partial int SetSockOpt(nint socket, int level, int name, byte* value, int length);

    [LibraryImport(Library, EntryPoint = "SystemNative_GetSockOpt")]
    private static partial int GetSockOpt(nint socket, int level, int name, byte* value, int* length);

    [LibraryImport(Library, EntryPoint = "SystemNative_SendMessage")]
    private static partial int SendMessage(nint socket, void* header, int flags, long* sent);

    [LibraryImport(Library, EntryPoint = "SystemNative_GetSocketErrorOption")]
    private static partial int GetSocketErrorOption(nint socket, int* error);

    [LibraryImport(Library, EntryPoint = "SystemNative_Close")]
    private static partial int Close(nint descriptor);
}
