using System.Net.Sockets;
using System.Security.Cryptography;

namespace HttpCases;

/// <summary>Something that programs do with HTTP, and what comes of it as a line of text.</summary>
internal sealed record Case(string Name, Func<Task<string>> Run)
{
    public static async Task RunAsync(IEnumerable<Case> cases)
    {
        foreach (var (name, run) in cases)
        {
            string result;
            try
            {
                result = await run();
            }
            catch (Exception e)
            {
                result = Describe(e);
                if (Environment.GetEnvironmentVariable("VERBOSE") is not null) Console.Error.WriteLine(e);
            }

            Console.WriteLine($"{name}: {result}");
        }
    }

    /// <summary>Kinds and causes, without words: those differ between versions of .NET.</summary>
    public static string Describe(Exception e)
    {
        string what = e switch
        {
            HttpRequestException { HttpRequestError: var error, StatusCode: var status } => $"HttpRequestException {error} {status}",
            HttpIOException { HttpRequestError: var error } => $"HttpIOException {error}",
            SocketException { SocketErrorCode: var code } => $"SocketException {code}",
            _ => e.GetType().Name,
        };
        // An exception of an operation that was ended by its time-out says so; what broke off below it differs from time to time.
        return e is OperationCanceledException { InnerException: TimeoutException } ? what + ", TimeoutException"
            : e is OperationCanceledException || e.InnerException is null ? what : $"{what}, {Describe(e.InnerException)}";
    }

    public static string Hash(ReadOnlySpan<byte> content) => $"{content.Length} {Convert.ToHexString(SHA256.HashData(content))[..16]}";

    /// <summary>Reads to the end, in no more memory than it takes.</summary>
    public static async Task<string> HashAsync(Stream stream)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[32 * 1024];
        long length = 0;
        for (int count; (count = await stream.ReadAsync(buffer)) > 0; length += count) hash.AppendData(buffer, 0, count);
        return $"{length} {Convert.ToHexString(hash.GetHashAndReset())[..16]}";
    }

    /// <summary>Octets that no compression makes fewer, the same at every call.</summary>
    public static byte[] Octets(int count, int seed)
    {
        byte[] octets = new byte[count];
        new Random(seed).NextBytes(octets);
        return octets;
    }

    /// <summary>Asks whoever started the program to do something to the server, and waits until he says that it is done.</summary>
    public static void Ask(string what)
    {
        Console.WriteLine("? " + what);
        Console.ReadLine();
    }
}
