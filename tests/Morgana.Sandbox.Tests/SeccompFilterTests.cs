using System.Globalization;

namespace Morgana.Sandbox.Tests;

public class SeccompFilterTests
{
    private const int Process = 4711;
    private const ulong Read = 1, Write = 2, Execute = 4;
    private static readonly IReadOnlyList<SystemCallRule> s_table = SystemCallTable.Served(Process);
    private static readonly BpfInstruction[] s_filter = SeccompFilter.Compile(s_table);

    [Fact]
    public void A_guest_that_serves_keeps_no_more_than_26_system_calls()
    {
        Assert.InRange(s_table.Count, 1, 26);
        Assert.Equal(s_table.Count, s_table.Select(r => r.Number).Distinct().Count());
        Assert.All(s_table, r => Assert.NotEmpty(r.Reason));
    }

    [Fact]
    public void Every_number_that_is_not_in_the_table_is_refused()
    {
        var allowed = s_table.Select(r => r.Number).ToHashSet();
        for (int number = -1; number < 600; number++)
        {
            if (allowed.Contains(number) || number is 12 or 435) continue;
            Assert.Equal(SeccompFilter.Refuse, BpfMachine.Run(s_filter, number));
        }
    }

    [Fact]
    public void Every_call_of_the_table_is_allowed_with_the_arguments_it_is_made_with()
    {
        foreach (var rule in s_table)
        {
            ulong[] arguments = new ulong[6];
            foreach (var argument in rule.Rules) arguments[argument.Argument] = argument.Value;
            Assert.Equal(SeccompFilter.Allow, BpfMachine.Run(s_filter, rule.Number, BpfMachine.Amd64, arguments));
        }
    }

    [Theory]
    [InlineData(9)]
    [InlineData(10)]
    public void No_page_becomes_executable(int call)
    {
        Assert.Equal(SeccompFilter.Allow, BpfMachine.Run(s_filter, call, BpfMachine.Amd64, 0, 4096, Read | Write));
        foreach (ulong protection in (ulong[])[Execute, Read | Execute, Read | Write | Execute, Execute | 1UL << 40])
            Assert.Equal(SeccompFilter.Refuse, BpfMachine.Run(s_filter, call, BpfMachine.Amd64, 0, 4096, protection));
    }

    [Fact]
    public void Clone_makes_threads_and_no_processes()
    {
        const ulong thread = 0x3d0f00, childSignal = 17, newUserNamespace = 0x10000000;
        Assert.Equal(SeccompFilter.Allow, BpfMachine.Run(s_filter, 56, BpfMachine.Amd64, thread));
        Assert.Equal(SeccompFilter.Refuse, BpfMachine.Run(s_filter, 56, BpfMachine.Amd64, childSignal));
        Assert.Equal(SeccompFilter.Refuse, BpfMachine.Run(s_filter, 56, BpfMachine.Amd64, thread | newUserNamespace));
        Assert.Equal(SeccompFilter.Absent, BpfMachine.Run(s_filter, 435));
    }

    [Fact]
    public void Signals_go_to_the_guest_itself_and_its_own_threads_only()
    {
        Assert.Equal(SeccompFilter.Allow, BpfMachine.Run(s_filter, 234, BpfMachine.Amd64, Process, 1, 34));
        Assert.Equal(SeccompFilter.Refuse, BpfMachine.Run(s_filter, 234, BpfMachine.Amd64, 1, 1, 9));
        Assert.Equal(SeccompFilter.Allow, BpfMachine.Run(s_filter, 62, BpfMachine.Amd64, Process, 15));
        foreach (ulong other in (ulong[])[0, 1, ulong.MaxValue, unchecked((ulong)-Process)]) Assert.Equal(SeccompFilter.Refuse, BpfMachine.Run(s_filter, 62, BpfMachine.Amd64, other, 15));
    }

    [Fact]
    public void Numbers_of_other_architectures_end_the_process_and_x32_numbers_are_refused()
    {
        const uint i386 = 0x40000003;
        Assert.Equal(SeccompFilter.Kill, BpfMachine.Run(s_filter, 0, i386));
        foreach (var rule in s_table) Assert.Equal(SeccompFilter.Refuse, BpfMachine.Run(s_filter, rule.Number | 0x40000000));
    }

    [Fact]
    public void Brk_says_that_there_is_no_room() => Assert.Equal(0x00050000u, BpfMachine.Run(s_filter, 12));

    [HeaderFact]
    public void The_numbers_are_the_kernels_own()
    {
        var numbers = File.ReadLines(HeaderFactAttribute.Path)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => words is ["#define", _, _] && words[1].StartsWith("__NR_", StringComparison.Ordinal))
            .ToDictionary(words => words[1][5..], words => int.Parse(words[2], CultureInfo.InvariantCulture));
        Assert.All(s_table, rule => Assert.Equal(numbers[rule.Name], rule.Number));
        Assert.Equal((435, 12), (numbers["clone3"], numbers["brk"]));
    }
}

/// <summary>A test that reads the C library's list of system calls.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class HeaderFactAttribute : FactAttribute
{
    public const string Path = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h";

    public HeaderFactAttribute() => Skip = File.Exists(Path) ? null : "needs the package linux-libc-dev, which libc6-dev brings";
}
