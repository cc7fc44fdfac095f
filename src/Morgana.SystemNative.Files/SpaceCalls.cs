using System.Runtime.InteropServices;
using System.Text;
using Morgana.Files;

namespace Morgana.SystemNative;

/// <summary>What DriveInfo asks: where something is mounted, what, and how much it holds.</summary>
internal static unsafe class SpaceCalls
{
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetSpaceInfoForMountPoint")]
    public static int GetSpaceInfoForMountPoint(byte* path, MountPointInformation* information)
    {
        *information = default;
        return FileAnswer.OnPath(path, (nint)information, static (p, i) =>
        {
            var error = ProgramFiles.Tree.GetSpace(p, out var space);
            *(MountPointInformation*)i = new() { AvailableFreeSpace = (ulong)space.FreeOctets, TotalFreeSpace = (ulong)space.FreeOctets, TotalSize = (ulong)space.Octets };
            return error;
        });
    }

    // As on Linux: the magic number says what it is, and the name stays empty.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetFormatInfoForMountPoint")]
    public static int GetFormatInfoForMountPoint(byte* path, byte* name, int length, long* type)
    {
        *type = 0;
        if (length > 0) *name = 0;
        return FileAnswer.OnPath(path, (nint)type, static (p, t) =>
        {
            var error = ProgramFiles.Tree.GetSpace(p, out var space);
            *(long*)t = space.Type;
            return error;
        });
    }

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetAllMountPoints")]
    public static int GetAllMountPoints(delegate* unmanaged<void*, byte*, void> found, void* context)
    {
        try
        {
            foreach (var (path, _) in ProgramFiles.Tree.Mounts)
                fixed (byte* text = Encoding.UTF8.GetBytes(path + '\0')) found(context, text);
            return 0;
        }
        catch (Exception e)
        {
            return Outcome.Fail(Outcome.Of(e));
        }
    }
}

/// <summary>pal_mount.h, MountPointInformation.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct MountPointInformation
{
    public ulong AvailableFreeSpace;
    public ulong TotalFreeSpace;
    public ulong TotalSize;
}
