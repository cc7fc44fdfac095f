using System.Runtime.InteropServices;
using System.Text;

namespace Morgana.SystemNative;

/// <summary>The user that the program runs as. There is no other one, and the host's list of users is not asked.</summary>
internal sealed class User(string name, uint uid, uint gid, string home)
{
    private const string Library = "libSystem.Native";

    /// <summary>What <c>Environment.UserName</c> says.</summary>
    public string Name => name;

    /// <summary>The process's effective user.</summary>
    public uint Uid => uid;

    /// <summary>Its group.</summary>
    public uint Gid => gid;

    /// <summary>Where .NET looks for folders of the user's, unless <c>HOME</c> says otherwise.</summary>
    public string Home => home;

    public static User Current { get; } = Make(GetEUid(), GetEGid());

    /// <summary>Its line of passwd(5).</summary>
    public string PasswordLine => $"{Name}:x:{Uid}:{Gid}::{Home}:/bin/false";

    private static User Make(uint uid, uint gid) => uid == 0 ? new("root", uid, gid, "/root") : new("morgana", uid, gid, "/home");

    [DllImport(Library, EntryPoint = "SystemNative_GetEUid")]
    private static extern uint GetEUid();

    [DllImport(Library, EntryPoint = "SystemNative_GetEGid")]
    private static extern uint GetEGid();
}

/// <summary>getpwuid_r(3), getpwnam_r(3) and their like. In a static image the C library's own would look for more of itself in files.</summary>
internal static unsafe class UserCalls
{
    private const int NotFound = -1;        // Of the platform layer: no error, and no entry.

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetPwUidR")]
    public static int GetPwUidR(uint uid, PasswordEntry* entry, byte* buffer, int length) => uid == User.Current.Uid ? Fill(entry, buffer, length) : NotFound;

    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetPwNamR")]
    public static int GetPwNamR(byte* name, PasswordEntry* entry, byte* buffer, int length) =>
        MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name).SequenceEqual(Encoding.UTF8.GetBytes(User.Current.Name)) ? Fill(entry, buffer, length) : NotFound;

    // The caller frees it.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetGroupName")]
    public static byte* GetGroupName(uint gid)
    {
        if (gid != User.Current.Gid)
        {
            Marshal.SetLastSystemError(0);
            return null;
        }

        byte[] name = Encoding.UTF8.GetBytes(User.Current.Name + '\0');
        byte* copy = (byte*)NativeMemory.Alloc((nuint)name.Length);
        name.CopyTo(new Span<byte>(copy, name.Length));
        return copy;
    }

    // getgrouplist(3): the group that is asked for, and no other one.
    [UnmanagedCallersOnly(EntryPoint = "__wrap_SystemNative_GetGroupList")]
    public static int GetGroupList(byte* name, uint gid, uint* groups, int* count)
    {
        bool fits = *count >= 1;
        *count = 1;
        if (!fits) return NotFound;
        *groups = gid;
        return 1;
    }

    // ERANGE, as Linux numbers it: then .NET comes again with more room.
    private static int Fill(PasswordEntry* entry, byte* buffer, int length)
    {
        var user = User.Current;
        int used = 0;
        byte* name = Add(user.Name, buffer, length, ref used), empty = Add("", buffer, length, ref used), home = Add(user.Home, buffer, length, ref used);
        if (home is null) return Error.ERANGE.ToErrno();
        *entry = new() { Name = name, Password = empty, Uid = user.Uid, Gid = user.Gid, Info = empty, Home = home, Shell = empty };
        return 0;
    }

    private static byte* Add(string text, byte* buffer, int length, ref int used)
    {
        byte[] octets = Encoding.UTF8.GetBytes(text + '\0');
        int at = used;
        used += octets.Length;
        if (used > length) return null;
        octets.CopyTo(new Span<byte>(buffer + at, octets.Length));
        return buffer + at;
    }
}

/// <summary>pal_uid.h, Passwd.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PasswordEntry
{
    public byte* Name;
    public byte* Password;
    public uint Uid;
    public uint Gid;
    public byte* Info;
    public byte* Home;
    public byte* Shell;
}
