using System.Collections.Frozen;
using System.Reflection.Emit;
using System.Reflection.Metadata;

namespace Morgana.Check.Code;

/// <summary>The instructions of a method that name something, as ECMA-335 III encodes them.</summary>
internal static class Instructions
{
    private static readonly FrozenDictionary<ushort, OpCode> s_codes = typeof(OpCodes).GetFields()
        .Select(f => f.GetValue(null)).OfType<OpCode>().ToFrozenDictionary(c => (ushort)c.Value);

    /// <summary>Every token that an instruction carries, with where the instruction begins.</summary>
    /// <exception cref="BadImageFormatException">This is no code.</exception>
    public static List<(int Offset, EntityHandle Operand)> Tokens(BlobReader code)
    {
        var found = new List<(int, EntityHandle)>();
        while (code.RemainingBytes > 0)
        {
            int offset = code.Offset;
            ushort value = code.ReadByte();
            if (value == 0xFE) value = (ushort)(0xFE00 | code.ReadByte());
            if (!s_codes.TryGetValue(value, out var op)) throw new BadImageFormatException($"There is no instruction {value:x}.");
            if (op.OperandType is OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineTok) found.Add((offset, (EntityHandle)System.Reflection.Metadata.Ecma335.MetadataTokens.Handle(code.ReadInt32())));
            else Skip(ref code, op.OperandType);
        }

        return found;
    }

    private static void Skip(ref BlobReader code, OperandType operand)
    {
        // The number is read first: it is a part of what is passed over.
        long length = operand switch
        {
            OperandType.InlineNone => 0,
            OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
            OperandType.InlineVar => 2,
            OperandType.InlineI8 or OperandType.InlineR => 8,
            // The number of targets, and as many distances.
            OperandType.InlineSwitch => code.ReadUInt32() * 4L,
            _ => 4,
        };
        if (length > code.RemainingBytes) throw new BadImageFormatException("The code ends within an instruction.");
        code.Offset += (int)length;
    }
}
