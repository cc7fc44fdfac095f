using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace WebCases.Pages;

public sealed class OrderModel : PageModel
{
    [BindProperty]
    public Order Order { get; set; } = new() { Items = [new()] };

    [TempData]
    public string? Said { get; set; }

    public async Task<IActionResult> OnPostAsync()
    {
        await Task.Yield();
        if (!ModelState.IsValid) return Page();
        Said = $"{Order.Numbers.Sum()} {Order.Items[0].Name} {Order.Levels["x"]}";
        return RedirectToPage();
    }
}
