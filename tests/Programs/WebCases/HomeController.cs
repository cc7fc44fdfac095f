using Microsoft.AspNetCore.Mvc;

namespace WebCases;

/// <summary>Views, and a form that comes back until it is filled in by its rules.</summary>
public sealed class HomeController : Controller
{
    private static readonly Item[] s_items = [new() { Name = "nut", Count = 3 }, new() { Name = "fig", Count = 2, Colour = Colour.Blue, Until = new(2026, 12, 24) }];

    public IActionResult Index()
    {
        ViewData["Title"] = "Home";
        ViewBag.Words = new[] { "one", "two" };
        return View();
    }

    public IActionResult Number(int id) => View(id);

    public IActionResult Items() => View(s_items.ToList());

    public IActionResult Named() => View((First: 1, Second: "two"));

    public async Task<IActionResult> Missing()
    {
        await Task.Yield();
        return NotFound(new { Reason = "nothing" });
    }

    [HttpGet]
    public IActionResult Add() => View(new Item { Until = new(2026, 12, 24) });

    [HttpPost]
    [ValidateAntiForgeryToken]
    public IActionResult Add(Item item)
    {
        if (!ModelState.IsValid) return View(item);
        TempData["Added"] = $"{item.Count} {item.Name} {item.Colour} {item.Fresh}";
        TempData["Count"] = item.Count;
        return RedirectToAction(nameof(Index));
    }
}

/// <summary>A part of a page.</summary>
public sealed class SumViewComponent : ViewComponent
{
    public IViewComponentResult Invoke(int[] of, string word) => View(new Point(of.Sum(), word.Length));
}
