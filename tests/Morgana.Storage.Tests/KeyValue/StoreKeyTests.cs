namespace Morgana.Storage.Tests;

public class StoreKeyTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/a")]
    [InlineData("a/")]
    [InlineData("a//b")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/../b")]
    [InlineData("a/./b")]
    [InlineData("../etc/passwd")]
    [InlineData("a\0b")]
    [InlineData("a\nb")]
    [InlineData("a\u007fb")]
    public void What_is_no_key_is_none(string text)
    {
        Assert.False(StoreKey.TryParse(text, out _));
        Assert.Throws<FormatException>(() => (StoreKey)text);
    }

    [Theory]
    [InlineData("a")]
    [InlineData("a/b")]
    [InlineData("...")]
    [InlineData(".git/..a/a..")]
    [InlineData("back\\slash")]
    [InlineData("Größe ♥ 🎈")]
    public void What_is_a_key_stays_as_it_is(string text)
    {
        Assert.True(StoreKey.TryParse(text, out var key));
        Assert.Equal(text, key.ToString());
        Assert.Equal(text.Split('/'), key.Segments);
        Assert.Equal(text.Split('/')[^1], key.Name);
        Assert.Equal(key, key.Parent / key.Name);
    }

    [Fact]
    public void Lengths_are_limited_in_octets()
    {
        Assert.True(StoreKey.TryParse(new string('a', 255), out _));
        Assert.False(StoreKey.TryParse(new string('a', 256), out _));
        Assert.False(StoreKey.TryParse(new string('ä', 128), out _));
        string segment = new('a', 255);
        Assert.True(StoreKey.TryParse($"{segment}/{segment}/{segment}/{segment}", out _));
        Assert.False(StoreKey.TryParse($"{segment}/{segment}/{segment}/{segment}/a", out _));
        Assert.True(StoreKey.TryParse(string.Join('/', Enumerable.Repeat("a", 64)), out _));
        Assert.False(StoreKey.TryParse(string.Join('/', Enumerable.Repeat("a", 65)), out _));
    }

    [Fact]
    public void A_lone_surrogate_is_no_text() => Assert.False(StoreKey.TryParse("a\ud800", out _));

    [Fact]
    public void The_root_is_the_empty_path()
    {
        Assert.True(StoreKey.TryParse("", out var root));
        Assert.True(root.IsRoot && root == StoreKey.Root && root == default);
        Assert.Equal(0, root.Depth);
        Assert.Equal("a", (root / "a").Path);
        Assert.Equal(root, root.Parent);
    }

    [Fact]
    public void Below_means_segments_and_not_characters()
    {
        Assert.True(((StoreKey)"a/b").IsIn("a"));
        Assert.True(((StoreKey)"a").IsIn("a"));
        Assert.False(((StoreKey)"ab").IsIn("a"));
        Assert.False(((StoreKey)"a").IsIn("a/b"));
        Assert.True(((StoreKey)"a").IsIn(StoreKey.Root));
    }

    [Fact]
    public void What_is_below_a_folder_stands_together_in_order()
    {
        StoreKey[] keys = ["a/b", "a-b", "a", "a/b/c", "b", "a!", "a/c"];
        Assert.Equal(["a", "a/b", "a/b/c", "a/c", "a!", "a-b", "b"], keys.Order().Select(k => k.Path));
    }
}
