using System.Runtime.InteropServices;

namespace Morgana.Sandbox;

/// <summary>One instruction of classic BPF: struct sock_filter.</summary>
/// <param name="Code">Operation.</param>
/// <param name="IfTrue">Instructions to skip if a condition holds.</param>
/// <param name="IfFalse">Instructions to skip if it does not.</param>
/// <param name="Operand">The operation's constant.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct BpfInstruction(ushort Code, byte IfTrue, byte IfFalse, uint Operand)
{
    /// <summary>BPF_LD | BPF_W | BPF_ABS: takes a word of struct seccomp_data, by its offset.</summary>
    public const ushort LoadWord = 0x20;

    /// <summary>BPF_ALU | BPF_AND | BPF_K.</summary>
    public const ushort And = 0x54;

    /// <summary>BPF_JMP | BPF_JEQ | BPF_K.</summary>
    public const ushort JumpIfEqual = 0x15;

    /// <summary>BPF_RET | BPF_K.</summary>
    public const ushort Return = 0x06;
}
