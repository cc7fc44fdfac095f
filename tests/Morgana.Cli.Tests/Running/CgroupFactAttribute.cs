using Morgana.Cli.Running;

namespace Morgana.Cli.Tests.Running;

/// <summary>A test which needs the right to make a control group.</summary>
public sealed class CgroupFactAttribute : FactAttribute
{
    public CgroupFactAttribute()
    {
        using var limit = MemoryLimit.TryCreate(64 << 20);
        if (limit is null) Skip = "needs the right to make a control group for memory: run it as root";
    }
}
