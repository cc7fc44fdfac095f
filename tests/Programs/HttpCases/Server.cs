using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace HttpCases;

/// <summary>Kestrel over http, HTTP/2 without TLS, and https.</summary>
internal static class Server
{
    /// <param name="ports">http, HTTP/2 without TLS, https.</param>
    public static async Task RunAsync(int[] ports)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(options =>
        {
            options.Limits.MaxRequestBodySize = 20_000_000;
            // A conversation has long pauses where the line is.
            options.Limits.MinRequestBodyDataRate = null;
            options.ListenAnyIP(ports[0]);
            options.ListenAnyIP(ports[1], listen => listen.Protocols = HttpProtocols.Http2);
            if (Environment.GetEnvironmentVariable("SERVER_PFX") is { } pfx)
                options.ListenAnyIP(ports[2], listen => listen.UseHttps(X509CertificateLoader.LoadPkcs12(Convert.FromBase64String(pfx), "")));
        });
        Room.Add(builder.Services);
        var app = builder.Build();
        byte[] large = Case.Octets(3_000_000, 7);

        app.MapGet("/", (HttpContext context) => Results.Text($"{context.Request.Protocol} {context.Request.Scheme} {context.Request.Host.Host.Length > 0}\n"));
        app.MapGet("/large", () => Results.Bytes(large, "application/x-test", enableRangeProcessing: true));
        app.MapGet("/chunks/{count:int}", async (HttpContext context, int count) =>
        {
            for (int i = 0; i < count; i++)
            {
                await context.Response.WriteAsync($"chunk {i}\n");
                await context.Response.Body.FlushAsync();
            }
        });
        app.MapPost("/echo", (HttpContext context) => context.Request.Body.CopyToAsync(context.Response.Body));
        app.MapPut("/hash", async (HttpContext context) => $"{context.Request.ContentLength} {await Case.HashAsync(context.Request.Body)}\n");
        app.MapGet("/abort", (HttpContext context) => context.Abort());
        app.MapGet("/fail", string () => throw new InvalidOperationException("It fails."));
        app.MapPost("/calls", StreamCases.AnswerAsync);
        app.MapHub<Room>("/room");
        app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine("serving"));
        await app.RunAsync();
    }
}
