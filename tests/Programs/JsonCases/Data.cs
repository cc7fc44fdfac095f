using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

internal enum Colour { Red, Green = 5 }

[Flags]
internal enum Rights : byte { None, Read = 1, Write = 2 }

internal enum Wide : long { Far = 1L << 40 }

internal sealed record Forecast(DateOnly Date, int Celsius, string? Summary)
{
    public int Fahrenheit => 32 + (int)(Celsius / 0.5556);
}

internal record struct Point(int X, double Y);

internal readonly record struct Range2(long From, long To);

internal sealed class Plain
{
    public int A { get; set; }
    public string? B { get; set; }
    public Colour C { get; set; }
    public Colour? D { get; set; }
    public Plain? Next { get; set; }
}

internal sealed class Required
{
    public required string Name { get; init; }
    public List<int> Numbers { get; init; } = [];
    public int[]? Array { get; init; }
}

internal sealed class Attributes
{
    public int Shown;
    [JsonInclude] public int Included = 3;
    [JsonIgnore] public int Hidden { get; set; } = 4;
    [JsonPropertyName("other")] public double Renamed { get; set; } = 0.5;
    [JsonPropertyOrder(-1)] public char First { get; set; } = 'f';
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] public TimeSpan Absent { get; set; }
    [JsonNumberHandling(JsonNumberHandling.WriteAsString | JsonNumberHandling.AllowReadingFromString)] public ulong Text { get; set; } = 7;
}

internal sealed class Lists
{
    public List<int> Ints { get; set; } = [1, 2];
    public List<Point> Points { get; set; } = [new(1, 2)];
    public IList<Colour> Colours { get; set; } = [Colour.Green];
    public IEnumerable<long> Longs { get; set; } = [3L];
    public IReadOnlyList<Guid> Ids { get; set; } = [Guid.Empty];
    public HashSet<char> Chars { get; set; } = ['x'];
    public ISet<float> Floats { get; set; } = new HashSet<float> { 1.5f };
    public ICollection<decimal> Money { get; set; } = [1.5m];
    public double[] Doubles { get; set; } = [1.5];
    public bool?[] Maybe { get; set; } = [true, null];
    public Stack<short> Stack { get; set; } = new([1]);
    public Queue<byte> Queue { get; set; } = new([1]);
    public List<List<Range2>> Nested { get; set; } = [[new(1, 2)], []];
    public Point[][] Jagged { get; set; } = [[new(1, 2)]];
}

internal sealed class Maps
{
    public Dictionary<string, int> Ints { get; set; } = new() { ["a"] = 1 };
    public Dictionary<int, string> Keys { get; set; } = new() { [1] = "a" };
    public IReadOnlyDictionary<Colour, Point> Points { get; set; } = new Dictionary<Colour, Point> { [Colour.Green] = new(1, 2) };
    public SortedDictionary<string, DateTime> Times { get; set; } = new() { ["t"] = DateTime.UnixEpoch };
    public IDictionary<Guid, Range2> Ranges { get; set; } = new Dictionary<Guid, Range2> { [Guid.Empty] = new(1, 2) };
    public ConcurrentDictionary<string, TimeSpan> Safe { get; set; } = new() { ["x"] = TimeSpan.FromSeconds(1) };
    public Dictionary<string, List<Point?>> Deep { get; set; } = new() { ["d"] = [new(1, 2), null] };
}

internal sealed class Immutables
{
    public ImmutableArray<int> Array { get; set; } = [1, 2];
    public ImmutableList<Colour> List { get; set; } = [Colour.Green];
    public IImmutableSet<Range2> Set { get; set; } = ImmutableHashSet.Create(new Range2(1, 2));
    public ImmutableDictionary<string, Point> Map { get; set; } = ImmutableDictionary<string, Point>.Empty.Add("p", new(1, 2));
}

internal sealed class Optional
{
    public int? A { get; set; } = 1;
    public Point? P { get; set; } = new(1, 2);
    public Colour? C { get; set; } = Colour.Green;
    public DateOnly? D { get; set; } = new(2026, 1, 2);
    public TimeOnly? T { get; set; } = new(1, 2);
    public Guid? G { get; set; }
    public decimal? M { get; set; } = 2.5m;
    public DateTimeOffset? O { get; set; } = DateTimeOffset.UnixEpoch;
}

[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Circle), "circle")]
[JsonDerivedType(typeof(Square), "square")]
internal abstract class Figure
{
    public string Name { get; set; } = "";
}

internal sealed class Circle : Figure
{
    public double Radius { get; set; } = 1;
}

internal sealed class Square : Figure
{
    public Point Corner { get; set; }
}

internal sealed class Drawing
{
    public List<Figure> Figures { get; set; } = [new Circle { Name = "c" }, new Square { Corner = new(1, 2) }];
    public Figure[]? More { get; set; }
}

internal sealed class Page<T>
{
    public T[] Items { get; set; } = [];
    public int Total { get; set; }
    public T? First { get; set; }
}

internal sealed class Loose
{
    public object? Anything { get; set; } = new Point(1, 2);
    public JsonElement Element { get; set; } = JsonDocument.Parse("[1]").RootElement;
    public JsonNode? Node { get; set; } = JsonNode.Parse("""{"a":1}""");
    [JsonExtensionData] public Dictionary<string, JsonElement>? Rest { get; set; } = new() { ["more"] = JsonDocument.Parse("2").RootElement };
}

internal sealed class Names
{
    [JsonConverter(typeof(JsonStringEnumConverter))] public Colour Colour { get; set; } = Colour.Green;
    [JsonConverter(typeof(JsonStringEnumConverter<Rights>))] public Rights Rights { get; set; } = Rights.Read | Rights.Write;
    public Colour? Other { get; set; } = Colour.Red;
    public Wide Wide { get; set; } = Wide.Far;
}

[JsonConverter(typeof(CelsiusConverter))]
internal readonly record struct Celsius(double Degrees);

internal sealed class CelsiusConverter : JsonConverter<Celsius>
{
    public override Celsius Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetDouble());

    public override void Write(Utf8JsonWriter writer, Celsius value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Degrees);
}

internal sealed class Weather
{
    public Celsius Now { get; set; } = new(3);
    public Celsius? Highest { get; set; } = new(4);
    public List<Celsius> Past { get; set; } = [new(1)];
}

internal sealed record ManyParameters(int A, long B, double C, bool D, Colour E, Point F, DateTime G, List<int> H);

internal sealed record FewParameters(int A, Point P, Colour C, bool D);

internal struct Mutable
{
    public int A { get; set; }
    public string? B { get; set; }
}

internal class Base
{
    public int A { get; set; } = 1;
    public virtual int V { get; set; } = 2;
}

internal sealed class Derived : Base
{
    public int B { get; set; } = 3;
    public override int V { get; set; } = 4;
}

internal sealed class Scalars
{
    public float A { get; set; } = 1.5f;
    public double B { get; set; } = 2.5;
    public Half C { get; set; } = (Half)1;
    public Int128 D { get; set; } = 5;
    public sbyte E { get; set; } = -1;
    public ushort F { get; set; } = 1;
    public uint G { get; set; } = 2;
    public ulong H { get; set; } = 3;
    public char I { get; set; } = 'c';
    public byte[] J { get; set; } = [1, 2];
    public Uri? K { get; set; } = new("http://a/");
    public Version? L { get; set; } = new(1, 2);
    public Memory<byte> M { get; set; } = new byte[] { 3 };
}

internal sealed class Refused
{
    public nint Address { get; set; }
}
