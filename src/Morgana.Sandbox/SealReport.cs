namespace Morgana.Sandbox;

/// <summary>The one octet by which a guest tells its runner that it is sealed. The runner then asks the kernel whether that is true.</summary>
public static unsafe class SealReport
{
    /// <summary>Writes the octet, and closes the descriptor.</summary>
    /// <returns>Whether it was written.</returns>
    public static bool Send(int descriptor)
    {
        byte octet = 1;
        bool isSent = Libc.Write(descriptor, &octet, 1) == 1;
        _ = Libc.Close(descriptor);
        return isSent;
    }
}
