using System.ComponentModel.DataAnnotations;

namespace WebCases;

public enum Colour
{
    Red,
    Green,
    Blue,
}

public sealed record Point(int X, int Y);

public sealed class Item
{
    [Required]
    [StringLength(10)]
    public string? Name { get; set; }

    [Range(1, 100)]
    public int Count { get; set; } = 1;

    public Colour Colour { get; set; }

    public bool Fresh { get; set; }

    [DataType(DataType.Date)]
    public DateOnly? Until { get; set; }
}

public sealed class Order
{
    public int[] Numbers { get; set; } = [];

    public List<string> Tags { get; set; } = [];

    public Dictionary<string, int> Levels { get; set; } = [];

    public List<Item> Items { get; set; } = [];

    public HashSet<Colour> Colours { get; set; } = [];
}
