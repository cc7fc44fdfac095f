using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;

namespace SocketCases;

/// <summary>Our functions under the JIT: a library that .NET's networking assemblies are given in the place of the platform's.</summary>
/// <remarks>
/// Each function that we have is a jump through a slot, filled with our method's address; <c>__real_</c> and everything else lead to the
/// platform's own library. CoreLib cannot be served so: it looks its functions up by itself.
/// </remarks>
internal static unsafe class Substitution
{
    public static void Install(string folder)
    {
        var methods = new SortedDictionary<string, nint>(StringComparer.Ordinal);
        foreach (var type in Assembly.Load("Morgana.SystemNative").GetTypes())
        {
            foreach (var method in type.GetMethods(BindingFlags.Static | BindingFlags.Public))
            {
                if (method.GetCustomAttribute<UnmanagedCallersOnlyAttribute>()?.EntryPoint is { } name)
                    methods.Add(name["__wrap_".Length..], method.MethodHandle.GetFunctionPointer());
            }
        }

        string runtime = RuntimeEnvironment.GetRuntimeDirectory();
        string source = Path.Combine(folder, "substitute.c"), library = Path.Combine(folder, "libsubstitute.so");
        File.WriteAllText(source, Source([.. methods.Keys], Path.Combine(runtime, "libSystem.Native.so")));
        string[] arguments = ["-shared", "-fPIC", "-O1", "-o", library, source, "-L" + runtime, "-Wl,--no-as-needed", "-l:libSystem.Native.so", "-Wl,-rpath," + runtime, "-ldl"];
        using (var compiler = Process.Start("gcc", arguments))
        {
            compiler.WaitForExit();
            if (compiler.ExitCode != 0) throw new InvalidOperationException("gcc failed.");
        }

        nint handle = NativeLibrary.Load(library);
        nint* slots = (nint*)NativeLibrary.GetExport(handle, "slots");
        int slot = 0;
        foreach (nint method in methods.Values) slots[slot++] = method;
        DllImportResolver resolver = (name, _, _) => name == "libSystem.Native" ? handle : 0;
        foreach (var assembly in new[] { typeof(Socket).Assembly, typeof(Dns).Assembly, typeof(IPAddress).Assembly, Assembly.Load("System.Net.NetworkInformation"), Assembly.Load("System.Net.Ping"), Assembly.Load("System.IO.Pipes"), Assembly.Load("Morgana.SystemNative"), typeof(Substitution).Assembly })
            NativeLibrary.SetDllImportResolver(assembly, resolver);
    }

    private static string Source(string[] names, string platform)
    {
        var text = new StringBuilder("#include <dlfcn.h>\nvoid *slots[").Append(names.Length).Append("];\n__attribute__((visibility(\"hidden\"))) void *real[").Append(names.Length).Append("];\n");
        for (int i = 0; i < names.Length; i++)
        {
            text.Append("__asm__(\".text\\n.globl ").Append(names[i]).Append("\\n.type ").Append(names[i]).Append(",@function\\n").Append(names[i])
                .Append(": movq slots@GOTPCREL(%rip), %rax\\n jmp *").Append(8 * i).Append("(%rax)\\n\");\n");
            text.Append("__asm__(\".text\\n.globl __real_").Append(names[i]).Append("\\n.type __real_").Append(names[i]).Append(",@function\\n__real_").Append(names[i])
                .Append(": leaq real(%rip), %rax\\n jmp *").Append(8 * i).Append("(%rax)\\n\");\n");
        }

        text.Append("__attribute__((constructor)) static void fill(void)\n{\n    void *platform = dlopen(\"").Append(platform).Append("\", RTLD_NOW);\n");
        for (int i = 0; i < names.Length; i++) text.Append("    real[").Append(i).Append("] = dlsym(platform, \"").Append(names[i]).Append("\");\n");
        return text.Append("}\n").ToString();
    }
}
