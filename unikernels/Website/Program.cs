using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Morgana.AspNetCore.StaticFiles;
using Morgana.Hosting;
using Morgana.Sockets;
using Website;

var builder = WebApplication.CreateEmptyBuilder(new() { Args = args });
builder.UseMorgana();
var app = builder.Build();

var status = new GuestStatus(app.Services.GetRequiredService<INetworkStack>());
app.Use(next => context =>
{
    status.CountRequest();
    return next(context);
});
app.UseRouting();
app.MapGet("/status.json", context => StatusEndpoints.WriteJsonAsync(context, status));
app.MapGet("/metrics", context => StatusEndpoints.WriteMetricsAsync(context, status));
app.UseStaticSite(StaticSite.FromResources(typeof(GuestStatus).Assembly, "site/"));
app.UseEndpoints(_ => { });
app.Run();
