using System.Globalization;
using Morgana.Drivers.FrameSocket;
using Morgana.Drivers.Tap;
using Morgana.Gateway;

namespace Morgana.Cli.Running;

/// <summary>One of a guest's networks: what it is joined to, and the descriptor that is handed over for it.</summary>
internal sealed class GuestNetwork : IAsyncDisposable
{
    /// <summary>The guest's address on a gateway's link.</summary>
    public const string GuestMac = "02:00:0a:00:02:0f";     // Locally administered, and 10.0.2.15 in it.

    private readonly Gateway.Gateway? _gateway;
    private readonly IReadOnlyList<PublishedPort> _published;
    private int _descriptor;

    private GuestNetwork(int descriptor, string device, Gateway.Gateway? gateway, IReadOnlyList<PublishedPort> published) =>
        (_descriptor, Device, _gateway, _published) = (descriptor, device, gateway, published);

    /// <summary>The guest's entry in <c>MORGANA_DEVICES</c>.</summary>
    public string Device { get; }

    /// <summary>What is to be handed over; -1 once it was released.</summary>
    public int Descriptor => _descriptor;

    /// <summary>Opens what it is joined to, and takes the host's ports.</summary>
    /// <param name="attachment">What it is joined to.</param>
    /// <param name="number">The number that <see cref="Descriptor"/> gets in the guest.</param>
    public static GuestNetwork Open(NetworkAttachment attachment, int number) => attachment.IsGateway ? OpenGateway(attachment, number) : OpenTap(attachment, number);

    /// <summary>Closes the runner's copy of what the guest has now: when the guest ends, the gateway sees it.</summary>
    public void Release()
    {
        if (_descriptor >= 0) FrameSockets.Close(_descriptor);
        _descriptor = -1;
    }

    /// <summary>Gives each published port to <paramref name="announce"/> once the guest serves it.</summary>
    public async Task AnnounceAsync(Action<PublishedPort> announce, CancellationToken cancel)
    {
        if (_gateway is null) return;
        await Task.WhenAll(_published.Select(AnnounceOneAsync));

        async Task AnnounceOneAsync(PublishedPort port)
        {
            // Nothing can be asked of a UDP port that its program need answer.
            if (port.IsUdp || await _gateway.WaitUntilServingAsync(port.GuestPort, cancel)) announce(port);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Release();
        if (_gateway is not null) await _gateway.DisposeAsync();
    }

    private static GuestNetwork OpenTap(NetworkAttachment attachment, int number)
    {
        int descriptor = TapInterface.Open(attachment.Choice.TapName);
        int mtu = TapInterface.ReadMtu(descriptor);
        return new(descriptor, Describe(attachment.Device, "tap", number, mtu, mac: null), null, []);
    }

    private static GuestNetwork OpenGateway(NetworkAttachment attachment, int number)
    {
        var (guestEnd, gatewayEnd) = FrameSockets.CreatePair();
        Gateway.Gateway? gateway = null;
        try
        {
            gateway = new Gateway.Gateway(new GatewayOptions
            {
                OpenDevice = pool => FrameSocketDevice.FromDescriptor(gatewayEnd, pool, new() { Mtu = Gateway.Gateway.DefaultMtu }),
                AllowHost = attachment.AllowHost,
                Capture = attachment.Capture is { } file ? CreateCapture(file) : null,
                Log = line => Console.Error.WriteLine("gateway: " + line),
            });
            var published = attachment.Publish.Select(p => Publish(gateway, p, attachment.IsPublishExplicit)).ToArray();
            gateway.Start();
            return new(guestEnd, Describe(attachment.Device, "frame-socket", number, Gateway.Gateway.DefaultMtu, GuestMac), gateway, published);
        }
        catch
        {
            FrameSockets.Close(guestEnd);
            gateway?.DisposeAsync().AsTask().GetAwaiter().GetResult();
            throw;
        }
    }

    private static FileStream CreateCapture(string file)
    {
        try
        {
            return new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            string why = e is DirectoryNotFoundException ? $"there is no folder {Path.GetDirectoryName(Path.GetFullPath(file))}" : e.Message.TrimEnd('.');
            throw new CommandException($"--capture {file} cannot be written: {why}");
        }
    }

    private static PublishedPort Publish(Gateway.Gateway gateway, PublishedPort port, bool isExplicit)
    {
        try
        {
            return gateway.Publish(port);
        }
        catch (PortInUseException e)
        {
            string hint = isExplicit ? "name another host port" : $"choose another with --publish, such as --publish {port.Host.Port + 1}:{port.GuestPort}";
            throw new CommandException($"port {port.Host.Port} on {port.Host.Address} cannot be published ({e.InnerException?.Message ?? e.Message}): {hint}");
        }
    }

    private static string Describe(string device, string driver, int number, int mtu, string? mac) =>
        string.Create(CultureInfo.InvariantCulture, $"{device}={driver},fd={number},mtu={mtu}{(mac is null ? "" : ",mac=" + mac)}");
}
