namespace WebCases;

/// <summary>What is asked for, one after the other.</summary>
internal static class Cases
{
    private static readonly string[] s_paths =
    [
        // Collections as parameters.
        "/api/ints?id=1&id=2", "/api/ints?id=x", "/api/list?id=3&id=4", "/api/list?id[0]=5&id[1]=6", "/api/strings?s=a&s=b", "/api/colours?c=Red&c=Blue", "/api/dates?d=2026-01-02&d=2026-03-04",
        "/api/perhaps?n=1&n=", "/api/ids?g=00000000-0000-0000-0000-000000000001", "/api/set?id=1&id=1&id=2", "/api/enumerable?l=1&l=2", "/api/counts?c[a]=1&c[b]=2", "/api/counts?c[0].Key=x&c[0].Value=7",
        "/api/names?n[1]=one&n[2]=two", "/api/prices?p=1.5&p=2.25", "/api/matrix?m[0][0]=1&m[0][1]=2&m[1][0]=3",
        "/api/order?Numbers=1&Numbers=2&Tags=a&Levels[x]=1&Items[0].Name=nut&Items[0].Count=3&Colours=Green", "/api/order?Items[0].Name=nut&Items[0].Count=300", "/api/point?x=1&y=2", "/api/point?x=a",
        // Answers that are awaited.
        "/api/task", "/api/valuetask", "/api/taskresult/3", "/api/taskresult/-3", "/api/action", "/api/text", "/api/stream", "/api/nothing", "/api/failing",
        // Views.
        "/", "/Home/Number/5", "/Home/Items", "/Home/Named", "/Home/Missing", "/site.css",
        // Razor pages.
        "/Numbers/7?extra=1&extra=2", "/Numbers/x", "/Numbers/8?handler=Sum&extra=3&extra=4", "/Numbers/9?handler=Later",
        // Components.
        "/hello", "/hello/3?size=4", "/counter", "/nowhere",
    ];

    public static async Task<IReadOnlyList<string>> AllAsync(Browser browser)
    {
        List<string> said = [];
        foreach (string path in s_paths) await SayAsync(path, browser.GetAsync(path));
        await SayAsync("a body", browser.PostAsync("/api/order", """{ "numbers": [1, 2], "tags": ["a"], "levels": { "x": 1 }, "items": [{ "name": "nut", "count": 3 }], "colours": [2] }"""));
        await SayAsync("a body against the rules", browser.PostAsync("/api/order", """{ "items": [{ "name": null, "count": 300 }] }"""));
        await SayAsync("a body of numbers", browser.PostAsync("/api/sum", "[1, 2, 3.5]"));
        await SayAsync("a body that is none", browser.PostAsync("/api/sum", "[1, 2"));
        await SayAsync("a form of a view without a token", browser.FillInAsync("/Home/Add", ("Name", "fig"), ("Count", "2")));
        await SayAsync("a form of a view", browser.GetAsync("/Home/Add"));
        await SayAsync("against the rules", browser.FillInAsync("/Home/Add", ("Name", ""), ("Count", "200"), ("Colour", "Blue")));
        await SayAsync("by the rules", browser.FillInAsync("/Home/Add", ("Name", "fig"), ("Count", "2"), ("Colour", "Blue"), ("Fresh", "true")));
        await SayAsync("its answer", browser.GetAsync("/"));
        await SayAsync("a form of a page", browser.GetAsync("/Order"));
        await SayAsync("against its rules", browser.FillInAsync("/Order", ("Order.Items[0].Name", ""), ("Order.Items[0].Count", "0"), ("Order.Numbers", "1")));
        await SayAsync("by its rules", browser.FillInAsync("/Order", ("Order.Items[0].Name", "fig"), ("Order.Items[0].Count", "2"), ("Order.Numbers", "1"), ("Order.Numbers", "2"), ("Order.Levels[x]", "3")));
        await SayAsync("a form of a component", browser.GetAsync("/ask"));
        await SayAsync("against its rules", browser.FillInAsync("/ask", ("_handler", "ask"), ("Item.Name", ""), ("Item.Count", "200")));
        await SayAsync("by its rules", browser.FillInAsync("/ask", ("_handler", "ask"), ("Item.Name", "fig"), ("Item.Count", "2"), ("Item.Fresh", "true"), ("Item.Colour", "Blue")));
        return said;

        async Task SayAsync(string what, Task<string> answer) => said.Add($"== {what}: {await answer}");
    }
}
