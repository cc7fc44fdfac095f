using System.Buffers.Binary;

namespace Morgana.Sandbox.Tests;

/// <summary>Runs a filter as the kernel does: classic BPF over struct seccomp_data.</summary>
internal static class BpfMachine
{
    public const uint Amd64 = 0xc000003e;

    public static uint Run(BpfInstruction[] program, int number, uint architecture = Amd64, params ulong[] arguments)
    {
        byte[] data = new byte[64];
        BinaryPrimitives.WriteInt32LittleEndian(data, number);
        BinaryPrimitives.WriteUInt32LittleEndian(data.AsSpan(4), architecture);
        for (int i = 0; i < arguments.Length; i++) BinaryPrimitives.WriteUInt64LittleEndian(data.AsSpan(16 + (8 * i)), arguments[i]);

        uint accumulator = 0;
        for (int at = 0; ; at++)
        {
            var instruction = program[at];
            switch (instruction.Code)
            {
                case BpfInstruction.LoadWord: accumulator = BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan((int)instruction.Operand)); break;
                case BpfInstruction.And: accumulator &= instruction.Operand; break;
                case BpfInstruction.JumpIfEqual: at += accumulator == instruction.Operand ? instruction.IfTrue : instruction.IfFalse; break;
                case BpfInstruction.Return: return instruction.Operand;
                default: throw new InvalidOperationException($"Instruction {at} has the code {instruction.Code:x}.");
            }
        }
    }
}
