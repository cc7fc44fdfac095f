using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Morgana.AspNetCore;
using Morgana.AspNetCore.StaticFiles;
using Morgana.Sockets;

namespace Website;

/// <summary>The site: its pages, and what it shows of the guest that serves it.</summary>
internal static class Site
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Puts the site into an application that has the stack and Kestrel's transport.</summary>
    public static WebApplication UseWebsite(this WebApplication app)
    {
        var status = new GuestStatus(app.Services.GetRequiredService<INetworkStack>(), app.Services.GetRequiredService<ConnectionLimit>());
        var page = new StatusPage(status);
        app.Use(next => context =>
        {
            status.CountRequest();
            return next(context);
        });
        app.UseRouting();
        app.MapMethods("/status", Reading, page.WriteAsync);
        app.MapMethods("/status.json", Reading, context => StatusEndpoints.WriteJsonAsync(context, status));
        app.MapMethods("/metrics", Reading, context => StatusEndpoints.WriteMetricsAsync(context, status));
        app.UseStaticSite(StaticSite.FromResources(typeof(Site).Assembly, "site/"));
        app.UseEndpoints(_ => { });
        return app;
    }
}
