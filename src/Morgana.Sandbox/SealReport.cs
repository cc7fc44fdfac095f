namespace Morgana.Sandbox;

/// <summary>The one octet by which a guest tells its runner that it is sealed. The runner then asks the kernel whether that is true.</summary>
public static unsafe class SealReport
{
    /// <summary>Writes the octet. The descriptor stays open, since a sealed process cannot close it.</summary>
    /// <returns>Whether it was written.</returns>
    public static bool Send(int descriptor)
    {
        byte octet = 1;
        return Libc.Write(descriptor, &octet, 1) == 1;
    }
}
