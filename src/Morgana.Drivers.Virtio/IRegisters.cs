namespace Morgana.Drivers.Virtio;

/// <summary>Registers of a device. Each access has the width that its name says, and happens once, in order.</summary>
internal interface IRegisters
{
    byte Read8(int offset);

    ushort Read16(int offset);

    uint Read32(int offset);

    void Write8(int offset, byte value);

    void Write16(int offset, ushort value);

    void Write32(int offset, uint value);
}
