// A web application with a store: what it needs beyond the network it declares, and gets as a keyed service.
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Morgana.Composition;
using Morgana.Hosting;
using Morgana.Storage;

[assembly: Needs<IKeyValueStore>("data")]

var builder = WebApplication.CreateEmptyBuilder(new() { Args = args });
builder.UseMorgana(new BootArgument("greeting", "TEXT", "Shown on the first page.", "Welcome"));
var app = builder.Build();
var store = app.Services.GetRequiredKeyedService<IKeyValueStore>("data");
string greeting = app.Services.GetRequiredService<BootArguments>().Find("greeting")!;

app.UseRouting();
app.MapGet("/", context => context.Response.WriteAsync(greeting));
app.MapGet("/items/{name}", async context =>
{
    string? item = await store.GetTextAsync("items/" + (string)context.Request.RouteValues["name"]!, context.RequestAborted);
    if (item is null) context.Response.StatusCode = StatusCodes.Status404NotFound;
    else await context.Response.WriteAsync(item);
});
app.MapPut("/items/{name}", async context =>
{
    using var reader = new StreamReader(context.Request.Body);
    await store.SetTextAsync("items/" + (string)context.Request.RouteValues["name"]!, await reader.ReadToEndAsync(context.RequestAborted), context.RequestAborted);
});
app.UseEndpoints(_ => { });
app.Run();
