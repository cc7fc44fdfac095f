using System.Globalization;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>HttpClient and SignalR's client, Kestrel and its hubs, unchanged, in one image: against Debian's nginx and curl, and each other.</summary>
public sealed class HttpTests
{
    private const string Program = "tests/Programs/HttpCases";
    private static readonly string[] s_wishes = ["reload", "restart", "restart", "stop", "start"];

    // Built with these tests; .../bin/CONFIGURATION/net10.0/.
    private static readonly string s_configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
    private static readonly string s_built = Path.Combine(MorganaCommand.Root, Program, "bin", s_configuration, "net9.0/HttpCases.dll");

    [NeedsFact("nginx", "cmake")]
    public async Task Every_case_of_a_client_with_nginx_comes_to_the_same_as_on_Linux()
    {
        using var certificates = new TestCertificates();
        string expected = await AgainstNginxAsync(certificates, [], null, "127.0.0.1", ["dotnet", s_built]);
        Assert.Equal(expected, await AgainstNginxAsync(certificates, [], null, "10.0.2.2", Guest(certificates, await Image.OfAsync(Program), "--publish", "0:80", "--allow-host")));
    }

    // A minute and a half: uploads and downloads by the ten megabytes.
    [NeedsFact(Needs.Root, "ip", "nginx", "cmake"), Trait("Category", "Long")]
    public async Task On_a_line_that_loses_and_reorders_a_client_with_nginx_has_the_same_answers()
    {
        using var certificates = new TestCertificates();
        await using var line = await ImpairedLine.StartAsync(ImpairedLine.Bad, seed: 501);
        string expected = await AgainstNginxAsync(certificates, line.Prefix, line, ImpairedLine.LinuxAddress, ["dotnet", s_built]);
        string[] guest = Guest(certificates, await Image.OfAsync(Program), [.. ImpairedLine.GuestOptions]);
        Assert.Equal(expected, await AgainstNginxAsync(certificates, line.GuestPrefix, line, ImpairedLine.LinuxAddress, guest));
        line.AssertWasBad();
    }

    [NeedsTheory("curl", "cmake"), OnTarget("process"), OnTarget("vm")]
    public async Task Curl_hears_the_same_from_Kestrel_in_an_image_as_on_Linux(string target)
    {
        using var certificates = new TestCertificates();
        string expected, output;
        await using (var linux = await Served.OnLinuxAsync(certificates, s_built)) expected = await linux.AskAsync();
        await using (var guest = await Served.ByAsync(certificates, await Image.OfAsync(Program), target)) output = await guest.AskAsync();
        Assert.Contains("HTTP/2 https True", expected, StringComparison.Ordinal);
        Assert.Equal(expected, output);
    }

    [NeedsFact("cmake")]
    public async Task SignalRs_client_and_streams_both_ways_come_to_the_same_between_two_images_as_on_Linux()
    {
        using var certificates = new TestCertificates();
        string expected;
        await using (var linux = await Served.OnLinuxAsync(certificates, s_built))
            expected = await MorganaCommand.RunProgramAsync("dotnet", s_built, "talk", "127.0.0.1", linux.Http, linux.Newer);
        Assert.Contains("a connection that breaks, and the next: 1 False Connected still here\n", expected, StringComparison.Ordinal);
        await using var guest = await Served.ByAsync(certificates, await Image.OfAsync(Program), "process");
        var (status, output, error) = await MorganaCommand.RunAsync(
            "run", await Image.OfAsync(Program), "--publish", "0:80", "--allow-host", "--memory", "256M", "--", "talk", "10.0.2.2", guest.Http, guest.Newer);
        Assert.True(status == 0, error);
        Assert.Equal(expected, output);
    }

    [NeedsTheory(Needs.Root, "ip", "cmake"), InlineData(true), InlineData(false), Trait("Category", "Long")]
    public async Task On_a_line_that_loses_one_in_twenty_SignalRs_client_and_streams_have_the_same_answers(bool guestServes)
    {
        using var certificates = new TestCertificates();
        await using var line = await ImpairedLine.StartAsync(ImpairedLine.Worse, seed: 503);
        var linuxs = new CommandSettings { Program = "dotnet", Arguments = [s_built], Prefix = line.Prefix };
        string expected;
        await using (var linux = await Served.OnLinuxAsync(certificates, s_built, line.Prefix))
        {
            expected = await TalkAsync(linuxs, ImpairedLine.LinuxAddress, linux);
            Assert.Contains("a connection that breaks, and the next: 1 False Connected still here\n", expected, StringComparison.Ordinal);
            var guests = new CommandSettings { Arguments = ["run", await Image.OfAsync(Program), .. ImpairedLine.GuestOptions, "--memory", "256M", "--"], Prefix = line.GuestPrefix };
            if (!guestServes) Assert.Equal(expected, await TalkAsync(guests, ImpairedLine.LinuxAddress, linux));
        }

        if (guestServes)
        {
            await using var guest = await Served.OnLineAsync(certificates, await Image.OfAsync(Program), line);
            Assert.Equal(expected, await TalkAsync(linuxs, ImpairedLine.GuestAddress, guest));
        }

        line.AssertWasBad();
    }

    private static async Task<string> TalkAsync(CommandSettings command, string address, Served server)
    {
        var (status, output, error) = await MorganaCommand.RunAsync(command with { Arguments = [.. command.Arguments, "talk", address, server.Http, server.Newer] });
        Assert.True(status == 0, output + error);
        return output;
    }

    private static async Task<string> AgainstNginxAsync(TestCertificates certificates, IReadOnlyList<string> prefix, ImpairedLine? line, string host, string[] command)
    {
        string roots = Path.GetTempFileName();
        using var nginx = await Nginx.StartAsync(certificates, line);
        try
        {
            using var program = MorganaCommand.Start(new CommandSettings
            {
                Program = command[0],
                Arguments = [.. command[1..], "nginx", host, .. new[] { nginx.Http, nginx.Https, nginx.Untrusted }.Select(p => p.ToString(CultureInfo.InvariantCulture))],
                Prefix = prefix,
                Environment = new Dictionary<string, string?> { ["ROOT"] = certificates.RootText, ["SSL_CERT_FILE"] = roots, ["SSL_CERT_DIR"] = "/nowhere" },
            });
            await nginx.ObeyAsync(program, s_wishes);
            var (status, output, error) = await program.EndAsync();
            Assert.True(status == 0, output + error);
            // A guest says where it is reached before it begins, and the server hears under which name it is asked for.
            return output[output.IndexOf("a page:", StringComparison.Ordinal)..];
        }
        finally
        {
            File.Delete(roots);
        }
    }

    // Its files are its own: there the roots lie as well.
    private static string[] Guest(TestCertificates certificates, string image, params string[] options) =>
        [Path.Combine(MorganaCommand.Root, "morgana"), "run", image, "--memory", "256M", "--env", "ROOT=" + certificates.RootText, "--env", "SSL_CERT_FILE=/tmp/roots.pem", "--env", "SSL_CERT_DIR=/nowhere", .. options, "--"];
}
