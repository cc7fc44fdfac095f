namespace Morgana.Sandbox;

/// <summary>Makes the program that the kernel runs at each system call (seccomp(2), SECCOMP_SET_MODE_FILTER).</summary>
public static class SeccompFilter
{
    /// <summary>SECCOMP_RET_ALLOW.</summary>
    public const uint Allow = 0x7fff0000;

    /// <summary>SECCOMP_RET_KILL_PROCESS.</summary>
    public const uint Kill = 0x80000000;

    private const uint AuditArchX8664 = 0xc000003e;
    private const uint ErrorBase = 0x00050000;                              // SECCOMP_RET_ERRNO
    private const int EPerm = 1, ENoSys = 38;

    // struct seccomp_data: int nr; __u32 arch; __u64 instruction_pointer; __u64 args[6].
    private const uint NumberOffset = 0, ArchitectureOffset = 4, ArgumentsOffset = 16;

    /// <summary>What a refused call answers.</summary>
    public static uint Refuse { get; } = ErrorBase | EPerm;

    /// <summary>What clone3 answers, so that libc takes clone instead.</summary>
    public static uint Absent { get; } = ErrorBase | ENoSys;

    /// <summary>The program which allows <paramref name="rules"/> and refuses the rest.</summary>
    public static BpfInstruction[] Compile(IReadOnlyList<SystemCallRule> rules)
    {
        var program = new List<BpfInstruction>
        {
            new(BpfInstruction.LoadWord, 0, 0, ArchitectureOffset),
            new(BpfInstruction.JumpIfEqual, 1, 0, AuditArchX8664),
            // Numbers of another architecture mean other calls.
            new(BpfInstruction.Return, 0, 0, Kill),
            // The x32 numbers have bit 30 set, and so equal none of ours.
            new(BpfInstruction.LoadWord, 0, 0, NumberOffset),
        };
        foreach (SystemCallRule rule in rules) Append(program, rule);
        program.AddRange(Answer(SystemCallTable.Clone3, Absent));
        program.AddRange(Answer(SystemCallTable.Break, ErrorBase));
        program.Add(new(BpfInstruction.Return, 0, 0, Refuse));
        return [.. program];
    }

    private static BpfInstruction[] Answer(int call, uint action) =>
        [new(BpfInstruction.JumpIfEqual, 0, 1, (uint)call), new(BpfInstruction.Return, 0, 0, action)];

    // number == N ? (every argument as it should be ? allow : refuse) : go on with the next call.
    private static void Append(List<BpfInstruction> program, SystemCallRule rule)
    {
        int block = (4 * rule.Rules.Length) + 1;
        program.Add(new(BpfInstruction.JumpIfEqual, 0, (byte)block, (uint)rule.Number));
        foreach (ArgumentRule argument in rule.Rules)
        {
            program.Add(new(BpfInstruction.LoadWord, 0, 0, ArgumentsOffset + (8 * (uint)argument.Argument)));
            program.Add(new(BpfInstruction.And, 0, 0, argument.Mask));
            program.Add(new(BpfInstruction.JumpIfEqual, 1, 0, argument.Value));
            program.Add(new(BpfInstruction.Return, 0, 0, Refuse));
        }

        program.Add(new(BpfInstruction.Return, 0, 0, Allow));
    }
}
