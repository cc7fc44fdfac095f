namespace Morgana.Sandbox;

/// <summary>The kernel did not grant what a sandbox is made of. The message says what, and why.</summary>
public sealed class SandboxException(string message) : Exception(message);
