using System.IO.Pipes;

namespace Morgana.Cli.Running;

/// <summary>A process's standard input: a pipe, as a guest in a group of its own may not read the terminal itself, and a confined one must not have what is behind the descriptor.</summary>
internal sealed class GuestInput : GuestConsole
{
    private readonly AnonymousPipeServerStream _pipe = new(PipeDirection.Out, HandleInheritability.None);

    /// <inheritdoc/>
    public override int Input => (int)_pipe.ClientSafePipeHandle.DangerousGetHandle();

    /// <inheritdoc/>
    public override void Begin()
    {
        _pipe.DisposeLocalCopyOfClientHandle();
        UserInput.Forward(octets => _pipe.Write(octets), _pipe.Dispose);
    }

    /// <inheritdoc/>
    public override void Dispose() => _pipe.Dispose();
}
