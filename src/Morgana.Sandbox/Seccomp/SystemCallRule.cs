namespace Morgana.Sandbox;

/// <summary>A condition on one argument of a system call: the argument's low 32 bits, masked, have to be a value.</summary>
/// <param name="Argument">0 to 5.</param>
/// <param name="Mask">The bits that count.</param>
/// <param name="Value">What they have to be.</param>
public readonly record struct ArgumentRule(int Argument, uint Mask, uint Value);

/// <summary>One system call that stays allowed.</summary>
/// <param name="Name">As in the man pages.</param>
/// <param name="Number">On x86-64.</param>
/// <param name="Reason">What needs it.</param>
/// <param name="Rules">All of them have to hold.</param>
public sealed record SystemCallRule(string Name, int Number, string Reason, params ArgumentRule[] Rules);
