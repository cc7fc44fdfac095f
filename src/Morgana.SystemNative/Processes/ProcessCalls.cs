using System.Runtime.InteropServices;

namespace Morgana.SystemNative;

/// <summary>Starting programs: there is one, and no other.</summary>
internal static unsafe class ProcessCalls
{
    // Process.Start is refused before it comes here (Morgana.Sdk's Processes.Substitutions.xml). Whoever calls the function itself is told this.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_ForkAndExecProcess")]
    public static int ForkAndExecProcess(
        byte* file, byte** arguments, byte** environment, byte* folder, int redirectInput, int redirectOutput, int redirectError, int setCredentials,
        uint user, uint group, uint* groups, int groupCount, int* process, int* input, int* output, int* error)
    {
        (*process, *input, *output, *error) = (-1, -1, -1, -1);
        return Outcome.Fail(Error.ENOTSUP);
    }
}
