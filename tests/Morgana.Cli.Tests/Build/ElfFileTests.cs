using Morgana.Build;

namespace Morgana.Cli.Tests.Build;

public sealed class ElfFileTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void A_program_of_this_machine_has_no_fault() => Assert.Null(ElfFile.FindFault("/bin/sh"));

    [Theory]
    [InlineData(0, "no ELF file")]
    [InlineData(3, "no ELF file")]
    [InlineData(4, "cut short")]
    [InlineData(63, "cut short")]
    public void A_file_that_is_cut_short_is_refused(int length, string expected)
    {
        File.WriteAllBytes(_file, File.ReadAllBytes("/bin/sh")[..length]);
        Assert.Contains(expected, ElfFile.FindFault(_file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(4, 1, "x86-64")]        // 32-bit
    [InlineData(18, 183, "x86-64")]     // AArch64
    [InlineData(16, 1, "executable")]   // an object file
    [InlineData(0, 0, "no ELF file")]
    public void A_file_for_something_else_is_refused(int offset, byte value, string expected)
    {
        byte[] program = File.ReadAllBytes("/bin/sh");
        program[offset] = value;
        File.WriteAllBytes(_file, program);
        Assert.Contains(expected, ElfFile.FindFault(_file), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_may_not_be_executed_is_refused_with_the_command_that_mends_it()
    {
        File.WriteAllBytes(_file, File.ReadAllBytes("/bin/sh"));
        Assert.Contains("chmod +x", ElfFile.FindFault(_file), StringComparison.Ordinal);
    }
}
