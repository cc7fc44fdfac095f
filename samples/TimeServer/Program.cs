using System.Buffers.Binary;
using System.Net.Sockets;

// The Time Protocol, RFC 868: whoever sends a datagram to port 37 gets the seconds since 1900.
int port = args.Length > 0 ? int.Parse(args[0]) : 37;
var epoch = new DateTime(1900, 1, 1, 0, 0, 0, DateTimeKind.Utc);
using var socket = new UdpClient(port, AddressFamily.InterNetwork);
Console.WriteLine($"The time is told on UDP port {port}.");
while (true)
{
    var question = await socket.ReceiveAsync();
    byte[] answer = new byte[4];
    BinaryPrimitives.WriteUInt32BigEndian(answer, unchecked((uint)(long)(DateTime.UtcNow - epoch).TotalSeconds));
    await socket.SendAsync(answer, question.RemoteEndPoint);
}
