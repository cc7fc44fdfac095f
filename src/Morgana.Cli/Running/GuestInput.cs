using System.IO.Pipes;

namespace Morgana.Cli.Running;

/// <summary>A process's standard input: a pipe, as a guest in a group of its own may not read the terminal itself, and a confined one must not have what is behind the descriptor.</summary>
internal sealed class GuestInput : IDisposable
{
    private readonly AnonymousPipeServerStream _pipe = new(PipeDirection.Out, HandleInheritability.None);

    /// <summary>What the guest reads.</summary>
    public int Descriptor => (int)_pipe.ClientSafePipeHandle.DangerousGetHandle();

    /// <summary>The guest has its end now: begins to forward what the user says.</summary>
    public void Begin()
    {
        _pipe.DisposeLocalCopyOfClientHandle();
        UserInput.Forward(octets => _pipe.Write(octets), _pipe.Dispose);
    }

    public void Dispose() => _pipe.Dispose();
}
