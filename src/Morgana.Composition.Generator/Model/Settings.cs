using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Morgana.Composition.Generator;

/// <summary>A choice in the project file: which provider a part has.</summary>
internal sealed record Use(string Type, string? Name, string Provider);

/// <summary>What the project file says.</summary>
internal sealed record Settings(int? Targets, string? WrongTarget, string Uses, string? MinimumVersion, string Version, bool WritesMain, string? Pages)
{
    /// <summary>Lists are separated by commas: the compiler cuts its options at semicolons.</summary>
    public static Settings Read(AnalyzerConfigOptions options)
    {
        int? targets = null;
        string? wrong = null;
        foreach (string name in Get(options, "MorganaTargetList").Split([','], StringSplitOptions.RemoveEmptyEntries))
        {
            if (TargetSet.TryParse(name, out int bit)) targets = (targets ?? 0) | bit;
            else wrong = name.Trim();
        }

        string version = Get(options, "MorganaVersion");
        return new(targets, wrong, Get(options, "MorganaUseList"), Find(options, "MorganaMinimumVersion"), version.Length > 0 ? version : "0.0.0", Get(options, "MorganaMain") != "false", FindPages(options));
    }

    /// <summary>TYPE=PROVIDER=NAME, between commas.</summary>
    public IReadOnlyList<Use> ParseUses() =>
        Uses.Split([','], StringSplitOptions.RemoveEmptyEntries).Select(u => u.Split('=')).Where(u => u.Length >= 2)
            .Select(u => new Use(u[0].Trim(), u.Length > 2 && u[2].Trim().Length > 0 ? u[2].Trim() : null, u[1].Trim())).ToArray();

    /// <summary>The folder of the rules' pages, with a slash at its end; null if it is not known.</summary>
    private static string? FindPages(AnalyzerConfigOptions options) => Find(options, "MorganaDiagnosticsFolder") is { } folder && folder[0] == '/' ? folder.TrimEnd('/') + "/" : null;

    private static string? Find(AnalyzerConfigOptions options, string property) => Get(options, property) is { Length: > 0 } value ? value : null;

    private static string Get(AnalyzerConfigOptions options, string property) => options.TryGetValue("build_property." + property, out string? value) ? value.Trim() : "";
}
