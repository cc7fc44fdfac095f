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
    /// <summary>Puts the site into an application that has the stack and Kestrel's transport.</summary>
    public static WebApplication UseWebsite(this WebApplication app)
    {
        var status = new GuestStatus(app.Services.GetRequiredService<INetworkStack>(), app.Services.GetRequiredService<ConnectionLimit>());
        var page = new StatusPage(status);
        // Three paths are no reason to carry routing, which is half a megabyte and a tenth of the start.
        app.Use(next => context =>
        {
            status.CountRequest();
            return context.Request.Path.Value switch
            {
                "/status" => Reading(context) ? page.WriteAsync(context) : Task.CompletedTask,
                "/status.json" => Reading(context) ? StatusEndpoints.WriteJsonAsync(context, status) : Task.CompletedTask,
                "/metrics" => Reading(context) ? StatusEndpoints.WriteMetricsAsync(context, status) : Task.CompletedTask,
                _ => next(context),
            };
        });
        app.UseStaticSite(StaticSite.FromResources(typeof(Site).Assembly, "site/"));
        return app;
    }

    private static bool Reading(HttpContext context)
    {
        if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)) return true;
        context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        context.Response.Headers.Allow = "GET, HEAD";
        return false;
    }
}
