using System.Collections.Generic;
using System.Linq;

namespace Morgana.Composition.Generator;

internal sealed partial class GraphWriter
{
    private void WritePart(Node node)
    {
        string type = node.Type.Qualified(), field = "_" + Names.Camel(node.Identifier);
        _code.Line($"// {node.Label}, from {node.Source}.").Line($"private {Task}<{type}>? {field};").Line()
            .Line($"private {Task}<{type}> {node.Identifier}() => Part(ref {field}, {Names.Literal(node.Name)}, {Names.Literal(node.Label)}, Start{node.Identifier});").Line();
        if (node.Provider is not null) WriteProvider(node, node.Provider);
        else WriteDevice(node);
    }

    private void WriteDevice(Node node)
    {
        string type = node.Type.Qualified();
        bool awaits = node.Drivers.Any(d => d.IsAwaited);
        string names = string.Join(" and ", node.Drivers.Select(d => d.Driver));
        _code.Line($"private {(awaits ? "async " : "")}{Task}<{type}> Start{node.Identifier}()").Line("{")
            .Line($"var device = TakeDevice({Names.Literal(node.DeviceName)}, {Names.Literal(node.DeviceKind)});")
            .Line("return device.Driver switch").Line("{");
        foreach (var driver in node.Drivers)
        {
            string call = $"{driver.Method.ContainingType.Qualified()}.{driver.Method.Name}(device)";
            _code.Line($"{Names.Literal(driver.Driver)} => {(driver.IsAwaited ? $"await {call}.ConfigureAwait(false)" : awaits ? call : $"{Task}.FromResult<{type}>({call})")},");
        }

        _code.Line($"_ => throw UnknownDriver(device, {Names.Literal(names)}),").Line("};").Line("}").Line();
    }

    private void WriteProvider(Node node, ProviderModel provider)
    {
        string type = node.Type.Qualified(), method = $"{provider.Method.ContainingType.Qualified()}.{provider.Method.Name}";
        bool hasParts = node.Inputs.Any(i => i.Part is not null);
        if (!hasParts && !provider.IsAwaited)
        {
            _code.Line($"private {Task}<{type}> Start{node.Identifier}() =>").Deeper($"{Task}.FromResult<{type}>({Call(method, node.Inputs)});").Line();
            return;
        }

        _code.Line($"private async {Task}<{type}> Start{node.Identifier}()").Line("{");
        AskForParts(node.Inputs);
        string call = Call(method, node.Inputs);
        _code.Line($"return {(provider.IsAwaited ? $"await {call}.ConfigureAwait(false)" : call)};").Line("}").Line();
    }

    /// <summary>All of them before the first is awaited: so they start at the same time.</summary>
    private void AskForParts(IEnumerable<Input> inputs)
    {
        foreach (var part in inputs.Where(i => i.Part is not null).Select(i => i.Part!).Distinct()) _code.Line($"var {Local(part)} = {part.Identifier}();");
    }

    private static string Local(Node node) => "the" + node.Identifier;

    private static string Call(string method, IEnumerable<Input> inputs) => $"{method}({string.Join(", ", inputs.Select(i => $"@{i.Parameter}: {Value(i)}"))})";

    private static string Value(Input input) => input.Part is { } part ? $"await {Local(part)}.ConfigureAwait(false)"
        : input.Argument is { } argument ? "_" + Suffix(argument) : input.IsCancellation ? "Starting" : "default!";

    private void WriteRoot()
    {
        if (Root.Unikernel is null)
        {
            WriteServices();
            return;
        }

        string type = Root.Unikernel.Qualified();
        _code.Line("// The unikernel itself.").Line($"private {Task}<{type}>? _unikernel;").Line()
            .Line($"protected override {Task} StartPartsAsync() => Part(ref _unikernel, null, {Names.Literal(Root.Unikernel.Name)}, StartUnikernel);").Line();
        bool awaits = Root.Inputs.Any(i => i.Part is not null);
        _code.Line($"private {(awaits ? "async " : "")}{Task}<{type}> StartUnikernel()").Line("{");
        AskForParts(Root.Inputs);
        string required = string.Join(", ", Root.Properties.Where(p => p.Property!.IsRequired).Select(p => $"{p.Property!.Name} = _{Suffix(p)}"));
        _code.Line($"var unikernel = {Call("new " + type, Root.Inputs)}{(required.Length > 0 ? $" {{ {required} }}" : "")};");
        foreach (var p in Root.Properties.Where(p => !p.Property!.IsRequired)) _code.Line($"if (_has{Suffix(p)}) Set{Suffix(p)}(unikernel, _{Suffix(p)});");
        _code.Line(awaits ? "return unikernel;" : $"return {Task}.FromResult(unikernel);").Line("}").Line();
        WriteRun();
    }

    private void WriteRun()
    {
        bool givesStatus = Root.Run!.ReturnType is Microsoft.CodeAnalysis.INamedTypeSymbol { TypeArguments.Length: 1 } || Root.Run.ReturnType.SpecialType == Microsoft.CodeAnalysis.SpecialType.System_Int32;
        // One that runs to its end on a thread of its own can still be left when it is to stop.
        string run = Root.Run.Name == "Run" ? $"{Task}.Run(unikernel.Run).WaitAsync(stop)" : "unikernel.RunAsync(stop)";
        _code.Line($"protected override async {Task}<int> RunUnikernelAsync(global::System.Threading.CancellationToken stop)").Line("{")
            .Line("var unikernel = await _unikernel!.ConfigureAwait(false);");
        if (givesStatus) _code.Line($"return await {run}.ConfigureAwait(false);");
        else _code.Line($"await {run}.ConfigureAwait(false);").Line("return 0;");
        _code.Line("}").Line();
    }

    /// <summary>A web application has its parts as services.</summary>
    private void WriteServices()
    {
        var parts = Root.Inputs.Where(i => i.Part is not null).ToArray();
        _code.Line($"protected override async {Task} StartPartsAsync()").Line("{");
        AskForParts(parts);
        foreach (var input in parts) _code.Line($"Services.Add((typeof({input.Part!.Type.Qualified()}), {Names.Literal(input.Part.Name)}, await {Local(input.Part)}.ConfigureAwait(false)));");
        _code.Line("}").Line();
    }
}
