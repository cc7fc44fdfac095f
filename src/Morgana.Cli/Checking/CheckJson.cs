using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Morgana.Check;

namespace Morgana.Cli.Checking;

/// <summary>What was found in a program, for other programs to read.</summary>
internal static class CheckJson
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter<Verdict>(JsonNamingPolicy.CamelCase) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static string Write(IReadOnlyList<Finding> found) => JsonSerializer.Serialize(found, s_options) + "\n";
}
