using System.Diagnostics;
using System.Text;

namespace Morgana.Core;

/// <summary>Remembers who rented what, so that a leak is reported with the renter's stack. For tests: it costs a stack walk a rent.</summary>
/// <example>
/// <code>
/// var leaks = new PoolLeakObserver();
/// pool.Observer = leaks;
/// // ... the test ...
/// leaks.ThrowIfLeaked();
/// </code>
/// </example>
public sealed class PoolLeakObserver : IPoolObserver
{
    private readonly object _lock = new();
    private readonly Dictionary<object, StackTrace> _rented = new(ReferenceEqualityComparer.Instance);

    /// <summary>Blocks and packets that are rented now. A packet counts beside its blocks.</summary>
    public int Count
    {
        get
        {
            lock (_lock) return _rented.Count;
        }
    }

    /// <inheritdoc/>
    public void Rented(object item)
    {
        var stack = new StackTrace(skipFrames: 2, fNeedFileInfo: true);
        lock (_lock) _rented[item] = stack;
    }

    /// <inheritdoc/>
    public void Returned(object item)
    {
        lock (_lock) _rented.Remove(item);
    }

    /// <summary>What is rented now, by the renter's stack, most frequent first; empty when nothing is.</summary>
    public string Report()
    {
        lock (_lock)
        {
            var text = new StringBuilder();
            foreach (var group in _rented.GroupBy(r => (Kind: r.Key.GetType().Name, Stack: r.Value.ToString())).OrderByDescending(g => g.Count()))
                text.Append(group.Count()).Append(' ').Append(group.Key.Kind).Append(" rented").AppendLine().Append(group.Key.Stack);
            return text.ToString();
        }
    }

    /// <summary>Throws with the report if anything is rented.</summary>
    /// <exception cref="InvalidOperationException">Something was not returned.</exception>
    public void ThrowIfLeaked()
    {
        if (Count > 0) throw new InvalidOperationException($"{Count} items were not returned to their pool.{Environment.NewLine}{Report()}");
    }
}
