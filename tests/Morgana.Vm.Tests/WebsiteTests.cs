using System.Globalization;

namespace Morgana.Vm.Tests;

/// <summary>A whole appliance from a virtual machine: our kernel, driver, stack and Kestrel, behind our gateway.</summary>
public class WebsiteTests
{
    [VmTheory, InlineData("microvm", 1), InlineData("q35", 2)]
    public async Task The_website_is_served(string machine, int processors)
    {
        using var command = MorganaCommand.Start("run", "unikernels/Website", "--target", "vm", "--accel", "tcg", "--machine", machine, "--cpus", processors.ToString(CultureInfo.InvariantCulture), "--memory", "48M", "--publish", "0:80");
        int port = await command.PortAsync(80);
        using var client = new HttpClient { Timeout = TimeSpan.FromMinutes(1) };
        for (int i = 0; i < 30; i++)
        {
            string page = await client.GetStringAsync($"http://localhost:{port}/");
            Assert.Contains("<html", page, StringComparison.OrdinalIgnoreCase);
        }

        command.SignalGroup(2);
        var (status, _, error) = await command.EndAsync();
        Assert.True(status == 0, error);
    }
}
