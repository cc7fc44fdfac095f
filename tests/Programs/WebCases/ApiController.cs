using Microsoft.AspNetCore.Mvc;

namespace WebCases;

/// <summary>Collections of numbers and the like as parameters, and answers that are awaited.</summary>
[ApiController]
[Route("api/[action]")]
public sealed class ApiController : ControllerBase
{
    public int Ints([FromQuery] int[] id) => id.Sum();

    public List<int> List([FromQuery] List<int> id) => [.. id.Select(i => i + 1)];

    public string Strings([FromQuery] string[] s) => string.Join('+', s);

    public Colour[] Colours([FromQuery] Colour[] c) => c;

    public IEnumerable<DateOnly> Dates([FromQuery] List<DateOnly> d) => d.Select(x => x.AddDays(1));

    public int Perhaps([FromQuery] int?[] n) => n.Count(x => x is null);

    public Guid Ids([FromQuery] IReadOnlyList<Guid> g) => g[0];

    public int Set([FromQuery] HashSet<int> id) => id.Count;

    public long Enumerable([FromQuery] IEnumerable<long> l) => l.Sum();

    public IDictionary<string, int> Counts([FromQuery] Dictionary<string, int> c) => c;

    public string Names([FromQuery] IDictionary<int, string> n) => string.Join('+', n.Select(x => $"{x.Key}{x.Value}"));

    public decimal Prices([FromQuery] ICollection<decimal> p) => p.Sum();

    public int Matrix([FromQuery] int[][] m) => m.Sum(r => r.Sum());

    [HttpGet]
    public Order Order([FromQuery] Order order) => order;

    [HttpPost]
    [ActionName("order")]
    public Order Post(Order order) => order;

    [HttpPost]
    public double Sum([FromBody] double[] numbers) => numbers.Sum();

    public Point Point([FromQuery] Point point) => point with { X = point.X + 1 };

    public async Task<int> Task()
    {
        await System.Threading.Tasks.Task.Yield();
        return 41;
    }

    public async ValueTask<long> ValueTask()
    {
        await System.Threading.Tasks.Task.Yield();
        return 42;
    }

    [HttpGet("{id}")]
    public async Task<ActionResult<int>> TaskResult(int id)
    {
        await System.Threading.Tasks.Task.Yield();
        return id < 0 ? NotFound() : id;
    }

    public async Task<IActionResult> Action()
    {
        await System.Threading.Tasks.Task.Yield();
        return Ok(new { Answer = 43, When = new DateOnly(2026, 11, 22) });
    }

    public ValueTask<string> Text() => new("text");

    public async IAsyncEnumerable<int> Stream()
    {
        for (int i = 0; i < 3; i++)
        {
            await System.Threading.Tasks.Task.Yield();
            yield return i;
        }
    }

    public System.Threading.Tasks.Task Nothing() => System.Threading.Tasks.Task.CompletedTask;

    public Task<int> Failing() => throw new InvalidOperationException("as it should");
}
