using System.IO.Pipes;

namespace Morgana.Drivers.Virtio.Tests;

/// <summary>An interrupt that a thread can wait for: a pipe.</summary>
internal sealed class ModelInterrupt : IInterrupt
{
    private readonly AnonymousPipeServerStream _heard = new(PipeDirection.In);
    private readonly AnonymousPipeClientStream _raised;

    public ModelInterrupt() => _raised = new(PipeDirection.Out, _heard.ClientSafePipeHandle);

    public int Descriptor => (int)_heard.SafePipeHandle.DangerousGetHandle();

    public void Raise() => _raised.WriteByte(1);

    public void Take() => _ = _heard.Read(new byte[4096]);

    public void Open()
    {
    }

    public void Dispose()
    {
        _raised.Dispose();
        _heard.Dispose();
    }
}
