using System.Collections.Generic;
using Microsoft.CodeAnalysis;

namespace Morgana.Composition.Generator;

/// <summary>Something that a constructor or a provider wants.</summary>
/// <param name="Type">The part's interface.</param>
/// <param name="Name">The part's name.</param>
/// <param name="By">Who wants it, for messages.</param>
/// <param name="Place">Where a complaint belongs.</param>
internal sealed record Need(ITypeSymbol Type, string? Name, string By, Location Place);

/// <summary>One argument of a call that makes something: another part, a boot argument, a secret, or the device's handle.</summary>
internal sealed class Input
{
    public string Parameter = "";
    public Node? Part;
    public ArgumentModel? Argument;
    public bool IsCancellation;
}

/// <summary>A part of the graph, resolved.</summary>
internal sealed class Node
{
    public ITypeSymbol Type = null!;
    public string? Name;
    public ProviderModel? Provider;             // Null for a device.
    public string? DeviceName;
    public string? DeviceKind;
    public List<DriverModel> Drivers = [];
    public List<Input> Inputs = [];
    public string Identifier = "";
    public int Index;
    public int Level;                           // 0: needs no other part.
    public Location Place = Location.None;

    public int Targets
    {
        get
        {
            if (Provider is not null) return Provider.Targets;
            int set = 0;
            foreach (var driver in Drivers) set |= driver.Targets;
            return set;
        }
    }

    public string Label => Names.Part(Type, Name);

    public string Source => Provider is not null ? Provider.Method.Short() : $"the device '{DeviceName}'";
}

/// <summary>What a graph starts from: a unikernel's class, or a web application.</summary>
internal sealed class Root
{
    public INamedTypeSymbol? Unikernel;
    public string Name = "";
    public string? Help;
    public int StartSeconds = 30;
    public int StopSeconds = 10;
    public List<Input> Inputs = [];             // The constructor's parameters, or a web application's services.
    public List<ArgumentModel> Properties = [];
    public IMethodSymbol? Run;
}

/// <summary>A whole graph.</summary>
internal sealed class GraphModel
{
    public Root Root = null!;
    public List<Node> Nodes = [];               // A part after what it needs.
    public List<ArgumentModel> Arguments = [];  // With secrets.
    public List<PlainArgument> More = [];       // That a web application names in its code.
    public int Targets;
    public string Version = "";
    public string? MinimumVersion;
    public bool HasErrors;
}
