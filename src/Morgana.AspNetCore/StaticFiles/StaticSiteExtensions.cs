using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Morgana.AspNetCore.StaticFiles;

/// <summary>Puts a site into a web application.</summary>
public static class StaticSiteExtensions
{
    /// <summary>Answers every request that no endpoint takes with a file of <paramref name="site"/>, or with its 404 page.</summary>
    public static IApplicationBuilder UseStaticSite(this IApplicationBuilder app, StaticSite site)
    {
        var responder = new StaticSiteResponder(site);
        return app.Use(next => context => context.GetEndpoint() is null ? responder.RespondAsync(context) : next(context));
    }
}
