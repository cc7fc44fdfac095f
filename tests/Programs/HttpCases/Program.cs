// HTTP as programs use it, on both sides, by a program that knows nothing of Morgana. What it prints is the same wherever it runs.
//   HttpCases nginx HOST HTTP HTTPS UNTRUSTED   HttpClient against Debian's nginx
//   HttpCases serve [HTTP H2C HTTPS]            Kestrel, for curl and for the next
//   HttpCases talk HOST HTTP H2C                SignalR's client, and HTTP/2 with streams both ways, against `serve`
using HttpCases;

// Whom to trust comes as text, since an image sees no file of the host's: it goes where SSL_CERT_FILE leads to.
if (Environment.GetEnvironmentVariable("ROOT") is { } root && Environment.GetEnvironmentVariable("SSL_CERT_FILE") is { } file)
    await File.WriteAllTextAsync(file, $"-----BEGIN CERTIFICATE-----\n{root}\n-----END CERTIFICATE-----\n");

switch (args)
{
    case ["nginx", var host, var http, var https, var untrusted]:
        await Case.RunAsync([.. new PlainCases(host, http).All, .. new TlsCases(host, http, https, untrusted).All, .. new RestartCases(host, http, https).All]);
        return 0;
    case ["serve", .. var ports]:
        await Server.RunAsync(ports is [] ? [80, 81, 443] : [.. ports.Select(int.Parse)]);
        return 0;
    case ["talk", var host, var http, var h2c]:
        await Case.RunAsync([.. new StreamCases(host, h2c).All, .. new ChatCases(host, http).All]);
        return 0;
    default:
        Console.Error.WriteLine("HttpCases nginx HOST HTTP HTTPS UNTRUSTED | serve [HTTP H2C HTTPS] | talk HOST HTTP H2C");
        return 64;
}
