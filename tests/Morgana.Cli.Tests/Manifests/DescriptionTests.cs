using System.Text;
using System.Xml.Linq;
using Morgana.Build.Manifests;
using Morgana.Cli.Describing;

namespace Morgana.Cli.Tests.Manifests;

public class DescriptionTests
{
    private static readonly Manifest s_manifest = Manifest.Parse(Encoding.ASCII.GetBytes(ManifestFileTests.Whole), "notes");

    [Fact]
    public void Text_shows_devices_arguments_secrets_the_graph_and_the_order() => Assert.Equal("""
        notes 0.1.0
          program   Notes
          Morgana   0.1.0
          targets   process, managed
          image     2.50 MB

        DEVICES
          disk  block, by file or memory
          net0  network, by tap

        BOOT ARGUMENTS
          --greeting=TEXT  expects text (default: hello)

        SECRETS
          data-key  

        GRAPH
          Notes
          └─ IKeyValueStore 'data' (Wiring.Data)
             └─ IBlockDevice 'disk' (device disk)

        BOOT ORDER
          1  IBlockDevice 'disk'
          2  IKeyValueStore 'data'

        """, GraphText.Write(s_manifest, 2_500_000));

    [Fact]
    public void Mermaid_has_a_node_for_each_part_and_an_arrow_for_each_need()
    {
        string chart = GraphMermaid.Write(s_manifest);
        Assert.StartsWith("flowchart TD\n", chart);
        Assert.Contains("root --> p1", chart);
        Assert.Contains("p1 --> p0", chart);
    }

    [Fact]
    public void A_line_past_a_row_goes_through_a_gap_of_it()
    {
        // The program needs the disk itself, too: one row lies between them.
        var svg = XDocument.Parse(GraphSvg.Write(s_manifest with { Needs = [1, 0] }));
        var box = svg.Descendants("{http://www.w3.org/2000/svg}rect").Single(r => (string?)r.Attribute("y") == "130");
        string line = svg.Descendants("{http://www.w3.org/2000/svg}path").Select(p => p.Attribute("d")!.Value).Single(d => d.Contains('V', StringComparison.Ordinal));
        Assert.Contains($" {int.Parse(box.Attribute("x")!.Value, System.Globalization.CultureInfo.InvariantCulture) - 15} 130 V184 ", line);
    }

    [Fact]
    public void A_picture_is_well_formed_whatever_the_names_are()
    {
        var odd = s_manifest with { Program = "A<B>&\"", Parts = [s_manifest.Parts[0] with { Name = "<&>" }, s_manifest.Parts[1]] };
        var svg = XDocument.Parse(GraphSvg.Write(odd));
        Assert.Equal(2, svg.Descendants("{http://www.w3.org/2000/svg}path").Count());
        Assert.Equal(4, svg.Descendants("{http://www.w3.org/2000/svg}rect").Count());
    }
}
