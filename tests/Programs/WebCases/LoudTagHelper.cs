using Microsoft.AspNetCore.Razor.TagHelpers;

namespace WebCases;

/// <summary>A tag of the program's own.</summary>
public sealed class LoudTagHelper : TagHelper
{
    public int Times { get; set; } = 1;

    public override async Task ProcessAsync(TagHelperContext context, TagHelperOutput output)
    {
        string text = (await output.GetChildContentAsync()).GetContent();
        output.TagName = "strong";
        output.Content.SetContent(text.ToUpperInvariant() + new string('!', Times));
    }
}
