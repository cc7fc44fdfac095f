using System.Collections.Generic;
using System.Linq;

namespace Morgana.Composition.Generator;

/// <summary>The values of <c>Morgana.Composition.Targets</c>, as bits.</summary>
internal static class TargetSet
{
    public const int All = 31;
    private static readonly (int Bit, string Name)[] s_names = [(1, "process"), (2, "managed"), (4, "sandbox"), (8, "vm"), (16, "linux-vm")];

    public static IEnumerable<string> NamesOf(int set) => s_names.Where(n => (set & n.Bit) != 0).Select(n => n.Name);

    public static string Text(int set) => set == 0 ? "none" : string.Join(", ", NamesOf(set));

    public static bool TryParse(string name, out int bit)
    {
        bit = s_names.FirstOrDefault(n => n.Name == name.Trim()).Bit;
        return bit != 0;
    }
}
