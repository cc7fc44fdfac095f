using System.Collections.Generic;
using System.Linq;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Morgana.Composition.Generator;

/// <summary>The graph of a web application: what <c>[assembly: Needs]</c> declares, and the network.</summary>
internal static class WebGraph
{
    public static void Write(SourceProductionContext output, Compilation compilation, Settings settings, Catalogue catalogue, HashSet<IMethodSymbol> needed)
    {
    }
}
