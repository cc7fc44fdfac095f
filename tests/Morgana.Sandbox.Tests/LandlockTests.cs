using System.Runtime.InteropServices;

namespace Morgana.Sandbox.Tests;

/// <summary>Asks this machine's kernel. What a thread gives up is gone for good: each test has its own.</summary>
public class LandlockTests
{
    private const int EAcces = 13;

    [LandlockFact]
    public void A_restricted_thread_reads_what_it_was_left_and_nothing_else()
    {
        string folder = Directory.CreateTempSubdirectory("morgana-landlock-").FullName;
        try
        {
            string left = Path.Combine(folder, "left"), taken = Path.Combine(folder, "taken");
            File.WriteAllText(left, "");
            File.WriteAllText(taken, "");
            Marshal.PrelinkAll(typeof(Calls));
            int errorOfLeft = -1, errorOfTaken = -1, errorOfWrite = -1;
            using var rules = Landlock.Prepare([new(left, FileAccessRights.ReadFile)]);
            RunOnOwnThread(() =>
            {
                rules.RestrictThread();
                errorOfLeft = Calls.TryOpen(left, isWrite: false);
                errorOfTaken = Calls.TryOpen(taken, isWrite: false);
                errorOfWrite = Calls.TryOpen(left, isWrite: true);
            });

            Assert.Equal((0, EAcces, EAcces), (errorOfLeft, errorOfTaken, errorOfWrite));
            Assert.Equal(0, Calls.TryOpen(taken, isWrite: true));       // The other threads have kept what they had.
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [LandlockFact]
    public void A_path_that_is_not_there_is_passed_over()
    {
        using var rules = Landlock.Prepare([new("/nonexistent/path", FileAccessRights.ReadFile)]);
        Assert.NotNull(rules);
    }

    [LandlockFact]
    public void A_rule_that_the_kernel_refuses_is_named()
    {
        string file = Path.GetTempFileName();
        try
        {
            var e = Assert.Throws<SandboxException>(() => Landlock.Prepare([new(file, FileAccessRights.ReadDirectory)]));    // No folder.
            Assert.Contains(file, e.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void RunOnOwnThread(Action body)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                body();
            }
            catch (Exception e)
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }
}

/// <summary>open(2) without anything that .NET would load for it.</summary>
internal static partial class Calls
{
    public static int TryOpen(string path, bool isWrite)
    {
        int descriptor = Open(path, isWrite ? 1 : 0, 0);
        if (descriptor < 0) return Marshal.GetLastPInvokeError();
        _ = Close(descriptor);
        return 0;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}

/// <summary>A test that asks the kernel's landlock.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class LandlockFactAttribute : FactAttribute
{
    public LandlockFactAttribute() => Skip = Landlock.Version > 0 ? null : "this kernel has no landlock";
}
