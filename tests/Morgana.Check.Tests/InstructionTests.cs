using System.Reflection.Metadata;
using Morgana.Check.Code;

namespace Morgana.Check.Tests;

/// <summary>Codes that are written by hand, after ECMA-335 III.</summary>
public class InstructionTests
{
    [Fact]
    public void A_call_after_a_switch_of_several_targets_is_found()
    {
        // switch (2 targets, the second of which looks like a call and a prefix that there is not), call 0A000007, ret
        var found = Tokens([0x45, 2, 0, 0, 0, 5, 0, 0, 0, 0x28, 0xCE, 0, 0, 0x28, 7, 0, 0, 0x0A, 0x2A]);
        var (offset, operand) = Assert.Single(found);
        Assert.Equal((13, HandleKind.MemberReference), (offset, operand.Kind));
    }

    [Theory]
    [InlineData(new byte[] { 0x45, 0xFF, 0xFF, 0xFF, 0x7F })]     // a switch of more targets than there are octets in a file
    [InlineData(new byte[] { 0x45, 3, 0, 0, 0, 1 })]
    [InlineData(new byte[] { 0x28, 1, 0 })]
    [InlineData(new byte[] { 0xFE })]
    [InlineData(new byte[] { 0xCE })]
    [InlineData(new byte[] { 0x21, 1 })]
    public void Code_that_ends_too_early_or_is_none_is_refused(byte[] code) => Assert.Throws<BadImageFormatException>(() => Tokens(code));

    private static unsafe List<(int Offset, EntityHandle Operand)> Tokens(byte[] code)
    {
        fixed (byte* start = code) return Instructions.Tokens(new BlobReader(start, code.Length));
    }
}
