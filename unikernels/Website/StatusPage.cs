using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Website;

/// <summary>The page with the charts. Its figures are filled in here, so that it says something without a script too.</summary>
internal sealed class StatusPage(GuestStatus status)
{
    private readonly string _template = Read();

    public Task WriteAsync(HttpContext context)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        var page = new StringBuilder(_template);
        foreach (var (name, value) in Figures()) page.Replace($"{{{{{name}}}}}", value);
        return context.Response.WriteAsync(page.ToString());
    }

    private IEnumerable<(string Name, string Value)> Figures()
    {
        var network = status.Network;
        var s = network.Statistics;
        yield return ("uptime", string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(network.Uptime.TotalSeconds):N0} s"));
        yield return ("requests", Count(status.Requests));
        yield return ("connections", Count(Open(network.ConnectionsByState).Sum(c => c.Count)));
        yield return ("refused", Count(status.Connections.Refused));
        yield return ("dropped", Count(network.DropsByReason.Sum()));
        yield return ("buffers", string.Create(CultureInfo.InvariantCulture, $"{100.0 * s.BlocksInUse / s.BlocksTotal:0.#} %"));
        yield return ("octetsIn", Count(s.Tcp.OctetsReceived));
        yield return ("octetsOut", Count(s.Tcp.OctetsSent));
        yield return ("retransmissions", Count(s.Tcp.Retransmissions));
        yield return ("heap", Count(GC.GetTotalMemory(forceFullCollection: false)));
        yield return ("states", string.Join(", ", Open(network.ConnectionsByState).Where(c => c.Count > 0).Select(c => $"{c.State} {Count(c.Count)}")));
        yield return ("reasons", Reasons(network.DropsByReason));
    }

    private static IEnumerable<(string State, int Count)> Open(IReadOnlyList<int> byState)
    {
        for (int i = 0; i < byState.Count; i++)
            if ((TcpState)i is not (TcpState.Closed or TcpState.Listen)) yield return (GuestStatus.StateName((TcpState)i), byState[i]);
    }

    private static string Reasons(IReadOnlyList<long> drops)
    {
        var rows = new StringBuilder();
        double total = drops.Sum();
        foreach (int reason in Enumerable.Range(1, drops.Count - 1).Where(i => drops[i] > 0).OrderByDescending(i => drops[i]))
        {
            string share = string.Create(CultureInfo.InvariantCulture, $"{100 * drops[reason] / total:0} %");
            rows.Append(CultureInfo.InvariantCulture, $"<tr><td>{WebUtility.HtmlEncode(((DropReason)reason).ToString())}</td><td>{drops[reason]:N0}</td><td>{share}</td></tr>");
        }

        return rows.Length > 0 ? rows.ToString() : "<tr><td colspan=\"3\" class=\"empty\">None so far.</td></tr>";
    }

    private static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    private static string Read()
    {
        using var reader = new StreamReader(typeof(StatusPage).Assembly.GetManifestResourceStream("status.html")!);
        return reader.ReadToEnd();
    }
}
