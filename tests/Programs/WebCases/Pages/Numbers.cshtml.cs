using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace WebCases.Pages;

public sealed class NumbersModel : PageModel
{
    [BindProperty(SupportsGet = true)]
    public int Id { get; set; }

    [BindProperty(SupportsGet = true)]
    public List<int> Extra { get; set; } = [];

    public string Said { get; private set; } = "";

    public void OnGet(int id) => Said = $"got {id}";

    public IActionResult OnGetSum(int[] extra) => new JsonResult(new { Sum = extra.Sum() + Id });

    public async Task<ContentResult> OnGetLaterAsync()
    {
        await Task.Yield();
        return Content($"later {Id}");
    }
}
