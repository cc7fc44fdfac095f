using System.Net;
using Morgana.Core;

namespace Morgana.Gateway.Dns;

/// <summary>The host's resolvers: those that were given, or those of resolv.conf(5), read again when the file has changed.</summary>
internal sealed class ResolverList(IReadOnlyList<IPEndPoint>? given, string path = "/etc/resolv.conf")
{
    /// <summary>resolv.conf(5): MAXNS, the most that the host's own library would use.</summary>
    private const int Most = 3;

    private static readonly TimeSpan Age = TimeSpan.FromSeconds(1);

    private IReadOnlyList<IPEndPoint> _read = [];
    private DateTime _written;
    private Instant _checkAgain = new(long.MinValue);

    /// <summary>The resolvers, in the order in which they are to be asked; maybe none.</summary>
    public IReadOnlyList<IPEndPoint> Get(Instant now)
    {
        if (given is not null) return given;
        if (now < _checkAgain) return _read;
        _checkAgain = now + Age;
        var written = File.GetLastWriteTimeUtc(path);
        if (written == _written) return _read;
        _written = written;
        _read = Read();
        return _read;
    }

    /// <summary>The <c>nameserver</c> lines of a resolv.conf.</summary>
    public static List<IPEndPoint> Parse(IEnumerable<string> lines)
    {
        var found = new List<IPEndPoint>();
        foreach (string line in lines)
        {
            string[] words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || words[0] != "nameserver" || found.Count == Most) continue;
            if (IPAddress.TryParse(words[1], out var address)) found.Add(new(address, 53));
        }

        return found;
    }

    private List<IPEndPoint> Read()
    {
        try
        {
            var found = Parse(File.ReadLines(path));
            // resolv.conf(5): without a nameserver line, the one on the local machine is asked.
            return found.Count > 0 ? found : [new(IPAddress.Loopback, 53)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [new(IPAddress.Loopback, 53)];
        }
    }
}
