using System.Text.Json;
using System.Text.Json.Serialization;

namespace Morgana.Build.Manifests;

/// <summary>What a unikernel is made of and what it needs: docs/manifest.md.</summary>
public sealed record Manifest
{
    /// <summary>The schema that this library writes and reads.</summary>
    public const int CurrentSchema = 1;

    /// <summary>The schema; a larger one has a meaning that older readers would miss.</summary>
    public int Schema { get; init; }

    /// <summary>What the program is called.</summary>
    public string Name { get; init; } = "";

    /// <summary>The class that it is.</summary>
    public string Program { get; init; } = "";

    /// <summary>The program's version.</summary>
    public string Version { get; init; } = "";

    /// <summary>The Morgana that made it.</summary>
    public string Morgana { get; init; } = "";

    /// <summary>The oldest Morgana that may run it, if it says so.</summary>
    public string? MinimumVersion { get; init; }

    /// <summary>What it is for.</summary>
    public string? Help { get; init; }

    /// <summary>The targets that it runs on.</summary>
    public IReadOnlyList<string> Targets { get; init; } = [];

    /// <summary>The devices that a runner attaches.</summary>
    public IReadOnlyList<ManifestDevice> Devices { get; init; } = [];

    /// <summary>Boot arguments of all parts.</summary>
    public IReadOnlyList<ManifestArgument> Arguments { get; init; } = [];

    /// <summary>Secrets that a runner hands over.</summary>
    public IReadOnlyList<ManifestSecret> Secrets { get; init; } = [];

    /// <summary>The parts, each after what it needs.</summary>
    public IReadOnlyList<ManifestPart> Parts { get; init; } = [];

    /// <summary>The parts that the program itself needs, by number.</summary>
    public IReadOnlyList<int> Needs { get; init; } = [];

    /// <summary>Parses a manifest.</summary>
    /// <param name="json">As it stands in an image.</param>
    /// <param name="where">The image, for errors.</param>
    /// <exception cref="BuildException">It is damaged, or of a newer schema.</exception>
    public static Manifest Parse(ReadOnlySpan<byte> json, string where)
    {
        Manifest? manifest;
        try
        {
            manifest = JsonSerializer.Deserialize(json, ManifestJson.Default.Manifest);
        }
        catch (JsonException e)
        {
            throw new BuildException($"the manifest of {where} is damaged ({e.Message.Split('.')[0]}): build the image again");
        }

        manifest = manifest?.Parts?.Contains(null!) == true ? null : manifest?.WithDefaults();
        if (manifest is null || manifest.Schema < 1 || !manifest.IsWhole()) throw new BuildException($"the manifest of {where} is damaged: build the image again");
        if (manifest.Schema > CurrentSchema) throw new BuildException($"{where} was made by a newer Morgana ({manifest.Morgana}; its manifest has schema {manifest.Schema}, and this command reads {CurrentSchema}): update the morgana command");
        return manifest;
    }

    /// <summary>The manifest as JSON, indented.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ManifestJson.Default.Manifest);

    /// <summary>What is not there is empty: the deserializer's generated code sets it to null.</summary>
    private Manifest WithDefaults() => this with
    {
        Name = Name ?? "",
        Program = Program ?? "",
        Version = Version ?? "",
        Morgana = Morgana ?? "",
        Targets = Targets ?? [],
        Devices = Devices ?? [],
        Arguments = Arguments ?? [],
        Secrets = Secrets ?? [],
        Parts = [.. (Parts ?? []).Select(p => p with { Type = p.Type ?? "", Needs = p.Needs ?? [] })],
        Needs = Needs ?? [],
    };

    /// <summary>Numbers name parts that there are, and come after them.</summary>
    private bool IsWhole()
    {
        for (int i = 0; i < Parts.Count; i++)
            if (Parts[i].Id != i || Parts[i].Needs.Any(n => n < 0 || n >= i)) return false;
        return Needs.All(n => n >= 0 && n < Parts.Count) && Devices.All(d => d is { Name.Length: > 0, Kind: not null, Drivers: not null })
            && Arguments.All(a => a is { Name.Length: > 0 }) && Secrets.All(s => s is { Name.Length: > 0 });
    }
}

/// <summary>A device that a runner attaches.</summary>
/// <param name="Name">What the program calls it.</param>
/// <param name="Kind">What it is: <c>network</c>, <c>block</c>.</param>
/// <param name="Drivers">The drivers in the image.</param>
public sealed record ManifestDevice(string Name, string Kind, IReadOnlyList<string> Drivers);

/// <summary>A boot argument.</summary>
/// <param name="Name">Without the hyphens.</param>
/// <param name="Value">What the value is; empty for a flag.</param>
/// <param name="Expected">What a value must be.</param>
/// <param name="Group">The part whose it is.</param>
/// <param name="Help">What it does.</param>
/// <param name="Default">The value if it is not given.</param>
/// <param name="Required">Whether it must be given.</param>
public sealed record ManifestArgument(string Name, string? Value, string? Expected, string? Group, string? Help, string? Default, bool Required);

/// <summary>A secret; never its value.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Help">What it is for.</param>
public sealed record ManifestSecret(string Name, string? Help);

/// <summary>A part of the graph.</summary>
public sealed record ManifestPart
{
    /// <summary>Its number: its place in the list.</summary>
    public int Id { get; init; }

    /// <summary>Its interface.</summary>
    public string Type { get; init; } = "";

    /// <summary>Its name, if it has one.</summary>
    public string? Name { get; init; }

    /// <summary>The method that makes it; null for a device.</summary>
    public string? Provider { get; init; }

    /// <summary>The device that it is; null for what a provider makes.</summary>
    public string? Device { get; init; }

    /// <summary>The package and version that it comes from; null for the project's own.</summary>
    public string? Package { get; init; }

    /// <summary>Parts of one level start at the same time; 0 needs no other.</summary>
    public int Level { get; init; }

    /// <summary>What it needs, by number.</summary>
    public IReadOnlyList<int> Needs { get; init; } = [];
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Manifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
