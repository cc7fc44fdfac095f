namespace Morgana.Storage.Tests;

/// <summary>What a store should contain: a dictionary, and the rules in their plainest form.</summary>
internal sealed class StoreModel
{
    public SortedDictionary<string, byte[]> Values { get; private set; } = new(StringComparer.Ordinal);

    public StoreModel Copy() => new() { Values = new(Values, StringComparer.Ordinal) };

    /// <summary>Why a value cannot be at a key; null if it can.</summary>
    public StoreError? WhyNot(string key)
    {
        for (int slash = key.IndexOf('/'); slash >= 0; slash = key.IndexOf('/', slash + 1))
            if (Values.ContainsKey(key[..slash])) return StoreError.IsValue;
        return IsFolder(key) ? StoreError.IsFolder : null;
    }

    public bool IsFolder(string key) => Values.Keys.Any(k => k.StartsWith(key + "/", StringComparison.Ordinal));

    public bool Remove(string key)
    {
        string[] gone = [.. Values.Keys.Where(k => k == key || key.Length == 0 || k.StartsWith(key + "/", StringComparison.Ordinal))];
        foreach (string k in gone) Values.Remove(k);
        return gone.Length > 0;
    }

    public async Task AssertEqualAsync(IReadOnlyKeyValueStore store, string when)
    {
        string? difference = await FindDifferenceAsync(store);
        Assert.True(difference is null, $"{when}: {difference}");
    }

    /// <summary>In what a store differs; null if it does not.</summary>
    public async Task<string?> FindDifferenceAsync(IReadOnlyKeyValueStore store)
    {
        var keys = new HashSet<string>();
        await foreach (var key in store.WalkAsync()) keys.Add(key.Path);
        foreach (string key in keys)
            if (!Values.ContainsKey(key)) return $"'{key}' should not be there";
        foreach (var (key, value) in Values)
        {
            if (!keys.Contains(key)) return $"'{key}' is not there";
            var actual = await store.GetAsync(key);
            if (actual is null || !actual.Value.Span.SequenceEqual(value)) return $"'{key}' has {actual?.Length} octets which are not the {value.Length} that it should have";
        }

        return null;
    }
}

/// <summary>Random changes, made to a store and to its model alike.</summary>
internal static class StoreActions
{
    private static readonly string[] s_names = ["a", "b", "c", "long name", "ä"];

    /// <summary>One change, or one look.</summary>
    public static async Task StepAsync(IKeyValueStore store, StoreModel model, Random random, string when)
    {
        string key = Key(random);
        switch (random.Next(10))
        {
            case 0 or 1 or 2:
                byte[] value = Value(random);
                await ExpectAsync(model.WhyNot(key), () => store.SetAsync(key, value), when, () => model.Values[key] = value);
                break;
            case 3:
                int offset = random.Next(200);
                byte[] part = Value(random);
                await ExpectAsync(model.WhyNot(key), () => store.SetPartAsync(key, offset, part), when, () =>
                {
                    byte[] old = model.Values.GetValueOrDefault(key, []), grown = new byte[Math.Max(old.Length, offset + part.Length)];
                    old.CopyTo(grown, 0);
                    part.CopyTo(grown, offset);
                    model.Values[key] = grown;
                });
                break;
            case 4 or 5:
                Assert.True(model.Remove(key) == await store.RemoveAsync(key), $"{when}: removing '{key}'");
                break;
            case 6:
                await RenameAsync(store, model, key, Key(random), when);
                break;
            case 7:
                await ApplyAsync(store, model, random, when);
                break;
            default:
                var got = await store.GetAsync(key);
                bool there = model.Values.TryGetValue(key, out byte[]? expected);
                Assert.True(there == got is not null && (!there || got!.Value.Span.SequenceEqual(expected)), $"{when}: '{key}'");
                break;
        }
    }

    private static async Task RenameAsync(IKeyValueStore store, StoreModel model, string from, string to, string when)
    {
        bool there = model.Values.TryGetValue(from, out byte[]? value);
        bool related = from != to && (to.StartsWith(from + "/", StringComparison.Ordinal) || from.StartsWith(to + "/", StringComparison.Ordinal));
        if (related || model.IsFolder(from) || (there && model.WhyNot(to) is not null))
        {
            await Assert.ThrowsAsync<StoreException>(async () => await store.RenameAsync(from, to));
            return;
        }

        Assert.True(there == await store.RenameAsync(from, to), $"{when}: renaming '{from}' to '{to}'");
        if (!there) return;
        model.Values.Remove(from);
        model.Values[to] = value!;
    }

    private static async Task ApplyAsync(IKeyValueStore store, StoreModel model, Random random, string when)
    {
        var batch = new StoreBatch();
        var after = model.Copy();
        StoreError? error = null;
        for (int count = random.Next(6); count > 0; count--)
        {
            string key = Key(random);
            if (random.Next(3) == 0)
            {
                batch.Remove(key);
                after.Values.Remove(key);
                continue;
            }

            byte[] value = Value(random);
            batch.Set(key, value);
            error ??= after.WhyNot(key);
            if (error is null) after.Values[key] = value;
        }

        await ExpectAsync(error, () => store.ApplyAsync(batch), when, () =>
        {
            model.Values.Clear();
            foreach (var (key, value) in after.Values) model.Values.Add(key, value);
        });
    }

    private static async Task ExpectAsync(StoreError? error, Func<ValueTask> change, string when, Action then)
    {
        if (error is null)
        {
            await change();
            then();
            return;
        }

        var thrown = await Assert.ThrowsAsync<StoreException>(async () => await change());
        Assert.True(thrown.Error == error, $"{when}: {thrown.Error} instead of {error}");
    }

    private static string Key(Random random) => string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => s_names[random.Next(s_names.Length)]));

    private static byte[] Value(Random random)
    {
        byte[] value = new byte[random.Next(8) == 0 ? random.Next(5000) : random.Next(40)];
        random.NextBytes(value);
        return value;
    }
}
