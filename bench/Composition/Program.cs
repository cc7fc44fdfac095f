// How much of a compilation is the generator's: processor time, of a first run and of runs after it. Usage: Composition FILE.cs
using System.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Morgana.Composition.Generator;

MetadataReference[] references =
[
    .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
        .Where(p => Path.GetFileName(p) is var name && (name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Morgana.", StringComparison.Ordinal) || name == "netstandard.dll"))
        .Select(p => MetadataReference.CreateFromFile(p)),
];
string source = "global using System; global using System.Threading; global using System.Threading.Tasks;\n" + File.ReadAllText(args[0]);
CSharpParseOptions language = new(LanguageVersion.CSharp13);
for (int run = 0; run < 21; run++)
{
    // A comment changes, as in a build after an edit.
    var compilation = CSharpCompilation.Create("Program", [CSharpSyntaxTree.ParseText($"{source}\n// {run}", language)], references, new(OutputKind.ConsoleApplication));
    TimeSpan began = Cpu();
    CSharpGeneratorDriver.Create([new UnikernelGenerator().AsSourceGenerator()], parseOptions: language).RunGeneratorsAndUpdateCompilation(compilation, out var whole, out _);
    TimeSpan generated = Cpu();
    bool succeeded = whole.Emit(Stream.Null).Success;
    Console.WriteLine($"{run,2}  generator {(generated - began).TotalMilliseconds,6:F0} ms   compiler {(Cpu() - generated).TotalMilliseconds,6:F0} ms{(succeeded ? "" : "   failed")}");
}

static TimeSpan Cpu() => Process.GetCurrentProcess().TotalProcessorTime;
