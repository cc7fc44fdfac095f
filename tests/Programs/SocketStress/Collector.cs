namespace SocketStress;

/// <summary>Collects all the time, compacting, so that whatever holds an address or forgets a reference is found out.</summary>
internal sealed class Collector : IDisposable
{
    private readonly Thread _thread;
    private volatile bool _goes = true;

    public Collector()
    {
        _thread = new Thread(Run);
        _thread.Start();
    }

    public int Collections { get; private set; }

    public void Dispose()
    {
        _goes = false;
        _thread.Join();
    }

    private void Run()
    {
        while (_goes)
        {
            GC.Collect(Collections % 3, GCCollectionMode.Forced, blocking: true, compacting: true);
            Collections++;
            // Finalizers close what was abandoned while other sockets are being made.
            if (Collections % 8 == 0) GC.WaitForPendingFinalizers();
            Thread.Yield();
        }
    }
}
