using System.Runtime.InteropServices;
using System.Text;

namespace Morgana.Kernel.Tests;

public unsafe class CommandLineTests
{
    [Fact]
    public void Words_are_told_apart_by_where_they_stand_and_how_they_begin()
    {
        var (options, variables, arguments) = Parse("verbose cpus=2 MORGANA_DEVICES=net0=virtio;x DOTNET_x=1 -- --ipv4=10.0.2.15/24 A=b --");
        Assert.Equal(["verbose", "cpus=2"], options);
        Assert.Equal(["MORGANA_DEVICES=net0=virtio;x", "DOTNET_x=1"], variables);
        Assert.Equal(["--ipv4=10.0.2.15/24", "A=b", "--"], arguments);
    }

    [Fact]
    public void Quotes_and_backslashes_keep_spaces_and_quotes()
    {
        var (_, variables, arguments) = Parse("""  A="b  c"d -- "" \"x\\ "say ""twice"  """);
        Assert.Equal(["A=b  cd"], variables);
        Assert.Equal(["", "\"x\\", "say twice"], arguments);
    }

    [Fact]
    public void Nothing_is_nothing()
    {
        var (options, variables, arguments) = Parse("   ");
        Assert.Empty(options.Concat(variables).Concat(arguments));
    }

    [Fact]
    public void Too_many_words_are_refused()
    {
        byte* text = (byte*)Marshal.StringToCoTaskMemUTF8(string.Join(' ', Enumerable.Repeat("x", CommandLine.MostWords + 1)));
        Assert.False(new CommandLine().Parse(text));
        Marshal.FreeCoTaskMem((nint)text);
    }

    [Fact]
    public void The_last_of_an_option_counts()
    {
        byte* text = (byte*)Marshal.StringToCoTaskMemUTF8("cpus=2 cpus=3");
        CommandLine line = default;
        Assert.True(line.Parse(text));
        Assert.Equal("3", Marshal.PtrToStringUTF8((nint)line.Find("cpus="u8)));
        Assert.True(line.Find("dma="u8) == null);
        Marshal.FreeCoTaskMem((nint)text);
    }

    [Theory, InlineData("64", 64, 2), InlineData("64M", 64 << 20, 3), InlineData("3k,", 3 << 10, 2), InlineData("x", 0, 0), InlineData("", 0, 0)]
    public void Sizes_are_understood(string text, ulong expected, int length)
    {
        fixed (byte* pointer = Encoding.UTF8.GetBytes(text + "\0"))
        {
            Assert.Equal(length, Text.ParseSize(pointer, out ulong value));
            Assert.Equal(expected, value);
        }
    }

    private static (string[] Options, string[] Variables, string[] Arguments) Parse(string text)
    {
        byte* memory = (byte*)Marshal.StringToCoTaskMemUTF8(text);
        CommandLine line = default;
        Assert.True(line.Parse(memory));
        var options = Enumerable.Range(0, line.OptionCount).Select(i => Marshal.PtrToStringUTF8((nint)line.Option(i))!).ToArray();
        var variables = Enumerable.Range(0, line.VariableCount).Select(i => Marshal.PtrToStringUTF8((nint)line.Variable(i))!).ToArray();
        var arguments = Enumerable.Range(0, line.ArgumentCount).Select(i => Marshal.PtrToStringUTF8((nint)line.Argument(i))!).ToArray();
        Marshal.FreeCoTaskMem((nint)memory);
        return (options, variables, arguments);
    }
}
