using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Morgana.Core;
using Morgana.Protocols.Tcp;

namespace Website;

/// <summary>The guest's figures: as JSON for the page with the charts, and in Prometheus' text format.</summary>
internal static class StatusEndpoints
{
    /// <summary>What <c>status.js</c> reads once a second.</summary>
    public static async Task WriteJsonAsync(HttpContext context, GuestStatus status)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        var network = status.Network;
        var memory = GC.GetGCMemoryInfo();
        json.WriteStartObject();
        json.WriteNumber("uptime", network.Uptime.TotalSeconds);
        json.WriteStartObject("http");
        json.WriteNumber("requests", status.Requests);
        json.WriteNumber("connections", status.Connections.Open);
        json.WriteNumber("limit", status.Connections.Most);
        json.WriteNumber("refused", status.Connections.Refused);
        json.WriteEndObject();
        json.WriteStartObject("tcp");
        json.WriteStartObject("states");
        for (int i = 0; i < network.ConnectionsByState.Count; i++) json.WriteNumber(GuestStatus.StateName((TcpState)i), network.ConnectionsByState[i]);
        json.WriteEndObject();
        json.WriteNumber("octetsIn", network.Statistics.Tcp.OctetsReceived);
        json.WriteNumber("octetsOut", network.Statistics.Tcp.OctetsSent);
        json.WriteNumber("retransmissions", network.Statistics.Tcp.Retransmissions);
        json.WriteEndObject();
        json.WriteStartObject("gc");
        json.WriteNumber("heap", GC.GetTotalMemory(forceFullCollection: false));
        json.WriteNumber("committed", memory.TotalCommittedBytes);
        json.WriteEndObject();
        json.WriteStartObject("pool");
        json.WriteNumber("inUse", network.Statistics.BlocksInUse);
        json.WriteNumber("capacity", network.Statistics.BlocksTotal);
        json.WriteEndObject();
        json.WriteStartObject("drops");
        for (int i = 1; i < network.DropsByReason.Count; i++)
            if (network.DropsByReason[i] > 0) json.WriteNumber(((DropReason)i).ToString(), network.DropsByReason[i]);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>The text format of Prometheus, version 0.0.4.</summary>
    public static Task WriteMetricsAsync(HttpContext context, GuestStatus status)
    {
        var network = status.Network;
        var (s, tcp) = (network.Statistics, network.Statistics.Tcp);
        var text = new StringBuilder();
        Gauge(text, "morgana_uptime_seconds", "How long the network has run.", network.Uptime.TotalSeconds);
        Counter(text, "morgana_http_requests_total", "HTTP requests.", status.Requests);
        Gauge(text, "morgana_http_connections", "Connections that the web server holds.", status.Connections.Open);
        Gauge(text, "morgana_http_connections_limit", "Connections that it may hold.", status.Connections.Most);
        Counter(text, "morgana_http_connections_accepted_total", "Connections that it has taken.", status.Connections.Accepted);
        Counter(text, "morgana_http_connections_refused_total", "Connections reset because there was no room.", status.Connections.Refused);
        Counter(text, "morgana_frames_received_total", "Frames received.", s.FramesIn);
        Counter(text, "morgana_frames_sent_total", "Frames sent.", s.FramesOut);
        Counter(text, "morgana_octets_received_total", "Octets received in frames.", s.OctetsIn);
        Counter(text, "morgana_octets_sent_total", "Octets sent in frames.", s.OctetsOut);
        Counter(text, "morgana_tcp_octets_received_total", "Octets of payload received.", tcp.OctetsReceived);
        Counter(text, "morgana_tcp_octets_sent_total", "Octets of payload sent.", tcp.OctetsSent);
        Counter(text, "morgana_tcp_retransmissions_total", "Segments sent again.", tcp.Retransmissions);
        Counter(text, "morgana_tcp_resets_received_total", "Resets received.", tcp.ResetsReceived);
        Head(text, "morgana_tcp_connections", "Connections by state.", "gauge");
        for (int i = 0; i < network.ConnectionsByState.Count; i++)
            Line(text, $"morgana_tcp_connections{{state=\"{GuestStatus.StateName((TcpState)i)}\"}}", network.ConnectionsByState[i]);
        Head(text, "morgana_drops_total", "Packets dropped, by reason.", "counter");
        for (int i = 1; i < network.DropsByReason.Count; i++) Line(text, $"morgana_drops_total{{reason=\"{(DropReason)i}\"}}", network.DropsByReason[i]);
        Gauge(text, "morgana_gc_heap_bytes", "The collector's heap.", GC.GetTotalMemory(forceFullCollection: false));
        Gauge(text, "morgana_pool_blocks_in_use", "Blocks of the network's pool in use.", s.BlocksInUse);
        Gauge(text, "morgana_pool_blocks", "Blocks in the network's pool.", s.BlocksTotal);
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(text.ToString());
    }

    private static void Counter(StringBuilder text, string name, string help, double value)
    {
        Head(text, name, help, "counter");
        Line(text, name, value);
    }

    private static void Gauge(StringBuilder text, string name, string help, double value)
    {
        Head(text, name, help, "gauge");
        Line(text, name, value);
    }

    private static void Head(StringBuilder text, string name, string help, string type) =>
        text.Append("# HELP ").Append(name).Append(' ').Append(help).Append("\n# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static void Line(StringBuilder text, string name, double value) =>
        text.Append(name).Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
