using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Morgana.Composition;

/// <summary>How secrets come from the runner: a file without a name, open at the descriptor that <c>MORGANA_SECRETS</c> says.</summary>
/// <remarks>A line for each: the name, <c>=</c>, the octets in base64. The image closes it once it is read.</remarks>
internal static class SecretChannel
{
    private const string Variable = "MORGANA_SECRETS";
    private const int MaxLength = 1 << 20;

    public static IEnumerable<(string Name, byte[] Octets)> Read()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } text) return [];
        if (!text.StartsWith("fd=", StringComparison.Ordinal) || !int.TryParse(text.AsSpan(3), NumberStyles.None, CultureInfo.InvariantCulture, out int descriptor))
            throw new BootException($"{Variable}={text}: expected fd=N.");
        try
        {
            using var file = new SafeFileHandle(descriptor, ownsHandle: true);
            byte[] octets = new byte[Math.Min(RandomAccess.GetLength(file), MaxLength)];
            int length = RandomAccess.Read(file, octets, 0);
            return Parse(Encoding.UTF8.GetString(octets, 0, length));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new BootException($"{Variable}: the secrets cannot be read at descriptor {descriptor}: {e.Message}");
        }
    }

    private static List<(string Name, byte[] Octets)> Parse(string lines)
    {
        var secrets = new List<(string, byte[])>();
        foreach (string line in lines.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            byte[] octets = new byte[line.Length];
            if (equals < 1 || !Convert.TryFromBase64String(line[(equals + 1)..], octets, out int length)) throw new BootException($"{Variable}: line {secrets.Count + 1} is not NAME=BASE64.");
            secrets.Add((line[..equals], octets[..length]));
        }

        return secrets;
    }
}
