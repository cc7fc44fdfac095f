namespace Morgana.Testing;

public sealed partial class VirtualHost
{
    private partial void PumpStreams()
    {
    }
}
