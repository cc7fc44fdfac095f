// Controllers, views, Razor pages and components as any program has them, which knows nothing of Morgana: serves them, asks itself for each, and prints
// what it was answered, the same wherever it runs.
using WebCases;
using WebCases.Components;

var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Error).AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
builder.Services.AddControllersWithViews();
builder.Services.AddRazorPages();
builder.Services.AddRazorComponents().AddInteractiveServerComponents();

var app = builder.Build();
app.UseExceptionHandler(failed => failed.Run(context => context.Response.WriteAsync("failed")));
app.UseRouting();
app.UseAuthorization();
app.UseAntiforgery();
app.MapStaticAssets();
app.MapControllerRoute("default", "{controller=Home}/{action=Index}/{id?}");
app.MapRazorPages();
app.MapRazorComponents<App>().AddInteractiveServerRenderMode();
await app.StartAsync();

using (var browser = new Browser(app.Urls.First()))
{
    foreach (string line in await Cases.AllAsync(browser)) Console.WriteLine(line);
}

using (var circuit = new Circuit(Browser.Address(app.Urls.First()))) Console.WriteLine($"== a circuit: {await circuit.TryAsync()}");

await app.StopAsync();
