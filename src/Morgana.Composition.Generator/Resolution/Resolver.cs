using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace Morgana.Composition.Generator;

/// <summary>Finds for every need the part that fills it: by type and name, the project's own before packages', then the marked default.</summary>
internal sealed class Resolver(Catalogue catalogue, Settings settings, Action<Diagnostic> report)
{
    private readonly List<Node> _nodes = [];
    private readonly List<Node> _unfinished = [];
    private readonly List<ArgumentModel> _arguments = [];
    private readonly HashSet<Use> _used = [];
    private bool _failed;

    /// <summary>Providers that some part was made by.</summary>
    public HashSet<IMethodSymbol> Needed { get; } = new(SymbolEqualityComparer.Default);

    public GraphModel Resolve(Root root)
    {
        if (root.Unikernel is not null) ReadUnikernel(root);
        foreach (var input in root.Inputs.Where(i => i.Argument is not null)) _arguments.Add(input.Argument!);
        _arguments.InsertRange(0, root.Properties);
        NameUniquely();
        CheckArguments();
        CheckDevices();
        int targets = CheckTargets();
        foreach (var use in settings.ParseUses().Where(u => !_used.Contains(u))) CheckUse(use);
        return new() { Root = root, Nodes = _nodes, Arguments = _arguments, Targets = targets, HasErrors = _failed, Version = settings.Version, MinimumVersion = settings.MinimumVersion };
    }

    /// <summary>Resolves one need of a root without a class.</summary>
    public Input ResolveService(Need need) => new() { Parameter = need.Name ?? "", Part = Find(need) };

    private void ReadUnikernel(Root root)
    {
        var type = root.Unikernel!;
        var constructor = type.InstanceConstructors.Where(c => !(c.Parameters.Length == 1 && SymbolEqualityComparer.Default.Equals(c.Parameters[0].Type, type))).OrderByDescending(c => c.Parameters.Length).First();
        root.Inputs = ReadInputs(constructor, null, type.Name, "Application", type.Place());
        foreach (var property in type.GetMembers().OfType<IPropertySymbol>())
            if (ArgumentModel.Read(property, property.Type, null, "Application", Report) is { } argument) root.Properties.Add(argument);
    }

    private List<Input> ReadInputs(IMethodSymbol method, string? instance, string by, string group, Location place)
    {
        var inputs = new List<Input>();
        foreach (var parameter in method.Parameters)
        {
            var where = parameter.Place() is { IsInSource: true } own ? own : place;
            if (ArgumentModel.Read(parameter, parameter.Type, instance, group, Report) is { } argument)
            {
                inputs.Add(new() { Parameter = parameter.Name, Argument = argument });
                continue;
            }

            if (parameter.Type is { Name: "CancellationToken", ContainingNamespace.Name: "Threading" })
            {
                inputs.Add(new() { Parameter = parameter.Name, IsCancellation = true });
                continue;
            }

            bool isPart = parameter.Type.TypeKind == TypeKind.Interface || (parameter.Type.TypeKind == TypeKind.Class && parameter.Type.IsAbstract && parameter.Type.SpecialType == SpecialType.None)
                || catalogue.Providers.Any(p => SymbolEqualityComparer.Default.Equals(p.Type, parameter.Type));
            if (!isPart)
            {
                if (parameter.Type.TypeKind != TypeKind.Error) Report(Diagnostic.Create(Rules.NoPart, where, parameter.Name, parameter.Type.Short()));
                continue;
            }

            var device = parameter.Attribute(Names.Device);
            string? name = device is null ? null : device.Text() ?? instance;
            var type = parameter.Type.WithNullableAnnotation(NullableAnnotation.NotAnnotated);
            inputs.Add(new() { Parameter = parameter.Name, Part = Find(new(type, name, by, where)) });
        }

        return inputs;
    }

    private Node? Find(Need need)
    {
        bool Same(Node n) => SymbolEqualityComparer.Default.Equals(n.Type, need.Type) && n.Name == need.Name;
        if (_nodes.FirstOrDefault(Same) is { } known) return known;
        if (_unfinished.FirstOrDefault(Same) is { } again)
        {
            var circle = _unfinished.SkipWhile(n => n != again).Select(n => $"{n.Label} ({n.Source})");
            Report(Diagnostic.Create(Rules.Cyclic, need.Place, again.Label, string.Join(" needs ", circle.Concat([again.Label]))));
            return null;
        }

        var node = new Node { Type = need.Type, Name = need.Name, Place = need.Place };
        if (!Choose(node, need)) return null;
        _unfinished.Add(node);
        if (node.Provider is { } provider)
        {
            Needed.Add(provider.Method);
            string group = Names.Words(need.Type) + (need.Name is null ? "" : " " + need.Name);
            node.Inputs = ReadInputs(provider.Method, need.Name, provider.Method.Short(), group, need.Place);
            foreach (var input in node.Inputs.Where(i => i.Argument is not null)) _arguments.Add(input.Argument!);
            node.Level = node.Inputs.Where(i => i.Part is not null).Select(i => i.Part!.Level + 1).DefaultIfEmpty(0).Max();
        }

        _unfinished.RemoveAt(_unfinished.Count - 1);
        node.Index = _nodes.Count;
        _nodes.Add(node);
        return node;
    }

    /// <summary>Decides what makes the part.</summary>
    private bool Choose(Node node, Need need)
    {
        var fitting = catalogue.Providers.Where(p => SymbolEqualityComparer.Default.Equals(p.Type, need.Type) && (p.Name is null || p.Name == need.Name)).ToArray();
        if (FindUse(need) is { } use)
        {
            _used.Add(use);
            node.Provider = fitting.FirstOrDefault(p => use.Provider == p.Method.Name || use.Provider == p.Method.Short());
            if (node.Provider is not null) return true;
            Report(Diagnostic.Create(Rules.UnknownUse, need.Place, use.Type, use.Provider, Listing(fitting)));
            return false;
        }

        var own = Prefer(fitting.Where(p => p.IsOwn).ToArray(), need);
        var packaged = Prefer(fitting.Where(p => !p.IsOwn).ToArray(), need);
        var kind = catalogue.KindOf(need.Type);
        // A device kind is attached from outside, unless somebody says otherwise: a provider of the project's own, or one that a package marks.
        if (own.Length == 0 && kind is not null && !packaged.Any(p => p.IsDefault)) return TakeDevice(node, need, kind);
        var candidates = own.Length > 0 ? own : packaged;
        if (candidates.Length > 1 && candidates.Count(p => p.IsDefault) == 1) candidates = candidates.Where(p => p.IsDefault).ToArray();
        if (candidates.Length == 1)
        {
            node.Provider = candidates[0];
            return true;
        }

        if (candidates.Length > 1) Report(Diagnostic.Create(Rules.Ambiguous, need.Place, need.By, Names.Part(need.Type, need.Name), Listing(candidates), need.Type.Short()));
        else Report(Diagnostic.Create(Rules.Missing, need.Place, need.By, Names.Part(need.Type, need.Name), Hint(need)));
        return false;
    }

    /// <summary>Those of just this name before those of any.</summary>
    private static ProviderModel[] Prefer(ProviderModel[] fitting, Need need) =>
        need.Name is not null && fitting.Any(p => p.Name == need.Name) ? fitting.Where(p => p.Name == need.Name).ToArray() : fitting;

    private bool TakeDevice(Node node, Need need, AttributeData kind)
    {
        node.DeviceKind = kind.Text();
        node.DeviceName = need.Name ?? kind.Get<string>("DefaultName");
        int wanted = settings.Targets ?? TargetSet.All;
        var drivers = catalogue.Drivers.Where(d => SymbolEqualityComparer.Default.Equals(d.Type, need.Type)).ToArray();
        node.Drivers = drivers.Where(d => (d.Targets & wanted) != 0).ToList();
        if (node.DeviceName is null) Report(Diagnostic.Create(Rules.Missing, need.Place, need.By, Names.Part(need.Type, null), $": a {node.DeviceKind} device has a name, so say which: [Device(\"...\")]"));
        else if (drivers.Length == 0) Report(Diagnostic.Create(Rules.Missing, need.Place, need.By, Names.Part(need.Type, need.Name), $": no referenced package has a driver for {node.DeviceKind} devices"));
        else if (node.Drivers.Count == 0) Report(Diagnostic.Create(Rules.Unfit, need.Place, $"every driver for {Names.Part(need.Type, need.Name)}", TargetSet.Text(wanted), TargetSet.Text(drivers.Aggregate(0, (s, d) => s | d.Targets))));
        return node.DeviceName is not null && node.Drivers.Count > 0;
    }

    private Use? FindUse(Need need)
    {
        bool Fits(Use u) => u.Type == need.Type.Name || u.Type == need.Type.Short() || u.Type == need.Type.ToDisplayString();
        var uses = settings.ParseUses().Where(Fits).ToArray();
        return uses.FirstOrDefault(u => u.Name is not null && u.Name == need.Name) ?? uses.FirstOrDefault(u => u.Name is null);
    }

    private string Hint(Need need)
    {
        var named = catalogue.Providers.Where(p => SymbolEqualityComparer.Default.Equals(p.Type, need.Type)).ToArray();
        if (named.Length > 0) return ": there are providers of other names, " + Listing(named) + "; say which with [Device(\"...\")]";
        var derived = catalogue.Providers.Where(p => p.Type.AllInterfaces.Contains(need.Type, SymbolEqualityComparer.Default)).ToArray();
        return derived.Length > 0 ? ": " + Listing(derived) + " gives a type that has it; a provider gives the very interface" : $": write one, [Provides] static {need.Type.Short()} ..., or reference a package that has one";
    }

    private static string Listing(IEnumerable<ProviderModel> providers)
    {
        string text = string.Join(", ", providers.Select(p => p.Name is null ? p.Method.Short() : $"{p.Method.Short()} ('{p.Name}')"));
        return text.Length > 0 ? text : "none";
    }

    private void CheckUse(Use use)
    {
        // Chosen for a part that this graph does not have: no harm, unless the name is wrong.
        var fitting = catalogue.Providers.Where(p => use.Type == p.Type.Name || use.Type == p.Type.ToDisplayString()).ToArray();
        if (!fitting.Any(p => use.Provider == p.Method.Name || use.Provider == p.Method.Short())) Report(Diagnostic.Create(Rules.UnknownUse, Location.None, use.Type, use.Provider, Listing(fitting)));
    }

    private void NameUniquely()
    {
        var taken = new HashSet<string> { "Arguments", "Devices", "Secrets", "Name", "Help", "Started", "Starting", "Graph", "Part", "StartLimit", "StopLimit", "Unikernel" };
        foreach (var node in _nodes)
        {
            string name = Names.Identifier(node.Type, node.Name);
            node.Identifier = name;
            for (int i = 2; !taken.Add(node.Identifier); i++) node.Identifier = name + i;
        }

        var fields = new HashSet<string>();
        foreach (var argument in _arguments)
        {
            string name = Names.Pascal(argument.Name);
            argument.Field = name;
            for (int i = 2; !fields.Add(argument.Field); i++) argument.Field = name + i;
        }
    }

    private void CheckArguments()
    {
        foreach (var same in _arguments.GroupBy(a => (a.Name, a.IsSecret)).Where(g => g.Count() > 1))
        {
            var last = same.Last();
            var place = same.Select(a => a.Symbol.Place()).LastOrDefault(p => p.IsInSource) ?? Location.None;
            Report(Diagnostic.Create(Rules.ArgumentClash, place, last.Name, Owner(same.First()), Owner(last)));
        }

        if (_arguments.FirstOrDefault(a => a is { Name: "help", IsSecret: false }) is { } help) Report(Diagnostic.Create(Rules.ArgumentClash, help.Symbol.Place(), "help", "every unikernel", Owner(help)));
    }

    private static string Owner(ArgumentModel argument) => argument.Symbol.ContainingSymbol is IMethodSymbol { MethodKind: not MethodKind.Constructor } method ? method.Short() : argument.Symbol.ContainingType.Name;

    private void CheckDevices()
    {
        foreach (var same in _nodes.Where(n => n.DeviceName is not null).GroupBy(n => n.DeviceName).Where(g => g.Count() > 1))
            Report(Diagnostic.Create(Rules.DeviceClash, same.Last().Place, same.Key, same.First().Type.Short(), same.Last().Type.Short()));
    }

    /// <summary>The targets on which all parts work; those that the project names must be among them.</summary>
    private int CheckTargets()
    {
        if (settings.WrongTarget is { } wrong) Report(Diagnostic.Create(Rules.UnknownTarget, Location.None, wrong));
        int common = settings.Targets ?? TargetSet.All;
        foreach (var node in _nodes)
        {
            int lost = common & ~node.Targets;
            bool isUnfit = settings.Targets is not null ? lost != 0 : (common & node.Targets) == 0;
            if (isUnfit) Report(Diagnostic.Create(Rules.Unfit, node.Place, $"{node.Label} ({node.Source})", TargetSet.Text(lost), TargetSet.Text(node.Targets)));
            else common &= node.Targets;
        }

        return common;
    }

    private void Report(Diagnostic diagnostic)
    {
        _failed |= diagnostic.Severity == DiagnosticSeverity.Error;
        report(diagnostic);
    }
}
