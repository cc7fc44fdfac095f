using System.Runtime.InteropServices;

namespace Stress;

/// <summary>What a program must not do, and what becomes of it. On Morgana's own kernel alone: Linux allows some of it.</summary>
internal static unsafe partial class Protection
{
    private const int Read = 1, Write = 2, Execute = 4, Private = 2, Anonymous = 0x20;
    private const int Fault = 14, NotImplemented = 38, NoAccess = 13;

    public static void HoldsTheLine()
    {
        Refuse(Map(Read | Write | Execute), NoAccess, "memory to write and execute");
        byte* page = (byte*)Map(Read | Write);
        Check.That(page != (byte*)-1, "there is no memory");
        page[0] = 0xc3;
        Refuse(Libc.Protect(page, 4096, Read | Write | Execute), NoAccess, "making memory executable that is written");

        // The kernel's own memory, the gap between both halves, and the end of ours.
        foreach (ulong address in (ulong[])[0xffff_8000_0010_0000, 0xffff_ffff_8010_0000, 0x0000_8000_0000_0000, 0x0000_7fff_ffff_f000, ulong.MaxValue - 4, 0])
        {
            Refuse(Libc.WriteTo(1, (void*)address, 16), Fault, $"writing from {address:x}");
            Refuse(Libc.ReadTime(1, (void*)address), Fault, $"a time at {address:x}");
        }

        // A range that begins well and ends badly.
        Refuse(Libc.WriteTo(1, (void*)0x0000_7fff_ffff_effe, 1 << 20), Fault, "a range that ends outside");
        Refuse(Libc.SystemCall(451), NotImplemented, "a call that does not exist");
        Refuse(Libc.SystemCall(long.MaxValue), NotImplemented, "a call far outside of the table");
    }

    public static void ExecuteData()
    {
        byte* page = (byte*)Map(Read | Write);
        page[0] = 0xc3;                     // ret
        ((delegate* unmanaged<void>)page)();
        Console.WriteLine("data was executed");
    }

    private static nint Map(int protection) => Libc.Map(null, 4096, protection, Private | Anonymous, -1, 0);

    private static void Refuse(nint result, int error, string what)
    {
        Check.That(result == -1, $"{what} is allowed");
        Check.That(Marshal.GetLastPInvokeError() == error, $"{what} fails with {Marshal.GetLastPInvokeError()}");
    }

    private static partial class Libc
    {
        [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
        public static partial nint Map(void* address, nint length, int protection, int flags, int descriptor, nint offset);

        [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
        public static partial nint Protect(void* address, nint length, int protection);

        [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
        public static partial nint WriteTo(int descriptor, void* from, nint count);

        [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
        public static partial nint SystemCall(long number);

        public static nint ReadTime(int clock, void* to) => SystemCall(35, to, to);        // nanosleep: in the kernel, not in the vDSO

        [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
        private static partial nint SystemCall(long number, void* first, void* second);
    }
}
