using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Morgana.Integration.Tests;

/// <summary>A network namespace that `ip netns` made, from this process: a socket or a device stays where it was made.</summary>
internal static partial class NetworkNamespace
{
    private const int NewNetwork = 0x4000_0000;     // CLONE_NEWNET

    /// <summary>Makes something there. A thread of its own enters the namespace and ends in it; nobody else's namespace changes.</summary>
    public static T In<T>(string name, Func<T> make)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle($"/run/netns/{name}");
                Assert.True(EnterNamespace(handle, NewNetwork) == 0, $"setns: error {Marshal.GetLastPInvokeError()}");
                result = make();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result : throw new InvalidOperationException($"In the namespace {name}: {failure.Message}", failure);
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int EnterNamespace(SafeFileHandle handle, int kind);
}
