namespace Morgana.Core;

/// <summary>An IP address and a port.</summary>
/// <param name="Address">The address; <c>0.0.0.0</c> or <c>::</c> where any of the host's own is meant.</param>
/// <param name="Port">The port, 0 where the stack is to choose.</param>
public readonly record struct IpEndpoint(IpAddress Address, ushort Port);
