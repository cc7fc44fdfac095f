using System.Text.Json;

/// <summary>A value, and the type as which it is written and read.</summary>
internal sealed record Shape(Type Type, object? Value)
{
    public string Name => Spell(Type);

    private static string Spell(Type type) => type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Spell))}>" : type.Name;
}

internal static class Shapes
{
    public static IEnumerable<Shape> All =>
    [
        Of(new[] { new Forecast(new(2026, 1, 2), 20, "Mild"), new Forecast(default, 0, null) }),
        Of(new Point(1, 2)),
        Of(new Plain { A = 1, B = "b", C = Colour.Green, D = Colour.Red, Next = new() }),
        Of(new Required { Name = "n", Numbers = [1], Array = [2] }),
        Of(new Attributes { Shown = 1 }),
        Of(new Lists()),
        Of(new Maps()),
        Of(new Immutables()),
        Of(new Optional()),
        Of(new Drawing { More = [new Circle()] }),
        Of<Figure>(new Circle()),
        Of(new Page<Point> { Items = [new(1, 2)], First = new(3, 4) }),
        Of(new Page<Plain> { Items = [new()] }),
        Of(new Page<Colour> { Items = [Colour.Green] }),
        Of(new Page<Page<int>> { First = new() { Items = [1] } }),
        Of(new Loose()),
        Of(new Names()),
        Of(new Weather()),
        Of(new ManyParameters(1, 2, 3, true, Colour.Green, new(1, 2), DateTime.UnixEpoch, [1])),
        Of(new FewParameters(1, new(1, 2), Colour.Green, true)),
        Of(new Mutable { A = 1 }),
        Of(new Derived()),
        Of<Base>(new Derived()),
        Of(new Scalars()),
        Of(new Refused()),
        Of(new { A = 1, B = new { C = Colour.Green, D = new[] { 1, 2 } } }),
        Of((1, Colour.Green)),
        Of(new KeyValuePair<string, Point>("a", new(1, 2))),
        Of(new List<int> { 1 }),
        Of(new Dictionary<string, int> { ["a"] = 1 }),
        Of(new Dictionary<Colour, int> { [Colour.Green] = 1 }),
        Of<int?>(5),
        Of(new List<Point?> { new(1, 2), null }),
        Of(Colour.Green),
        Of(DateTime.UnixEpoch),
        Of<object>(new Plain()),
        Of(Enumerable.Range(0, 3).Select(i => new Point(i, i))),
        Of<object>(Enumerable.Range(0, 3).Select(i => new Point(i, i))),
        Of<object>(new List<Point> { new(1, 2) }.Where(p => p.X > 0)),
        Of(Enumerable.Range(0, 3).Select(i => new { i, j = new Point(i, i) })),
        Of<IAsyncEnumerable<int>?>(null),
        Of(JsonDocument.Parse("""{"a":[1,null]}""").RootElement),
    ];

    private static Shape Of<T>(T value) => new(typeof(T), value);
}
