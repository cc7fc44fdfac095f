using System.Globalization;
using System.Text.Json;
using Morgana.Build;
using Morgana.Cli.Tests.Running;

namespace Morgana.Cli.Tests.Images;

/// <summary>What <c>dotnet new</c> makes, in a folder outside of the repository, as it is: as a process and as a virtual machine.</summary>
public sealed class TemplateTests : IDisposable
{
    private const int Interrupt = 2, Terminate = 15;
    private readonly string _folder = Directory.CreateTempSubdirectory("morgana-template-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_worker_works_until_it_is_asked_to_end_and_its_host_shuts_down()
    {
        string image = await ImageOfAsync("worker");
        await WorksAsync(image, Interrupt, "--target", "process");
        await WorksAsync(image, Terminate, "--target", "process");
        if (HasMachines) await WorksAsync(image, Interrupt, "--target", "vm", "--accel", "tcg");
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task An_empty_web_application_says_hello()
    {
        string image = await ImageOfAsync("web");
        await AnswersAsync(image, "--target", "process");
        if (HasMachines) await AnswersAsync(image, "--target", "vm", "--accel", "tcg");
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task An_application_of_FSharp_says_hello()
    {
        string image = await ImageOfAsync("web", "--language", "F#");
        await AnswersAsync(image, "--target", "process");
    }

    [Fact]
    [Trait("Category", "Long")]
    public async Task A_program_that_is_one_file_says_hello()
    {
        string program = Path.Combine(_folder, "one.cs"), image = Path.Combine(_folder, "one");
        File.WriteAllText(program, """
            #:sdk Microsoft.NET.Sdk.Web
            var builder = WebApplication.CreateBuilder(args);
            var app = builder.Build();
            app.MapGet("/", () => $"Hello {app.Configuration["Whom"]}!");
            app.Run();
            """);
        File.WriteAllText(Path.Combine(_folder, "appsettings.json"), """{ "Whom": "World" }""");
        await MorganaCommand.RunProgramAsync(Path.Combine(MorganaCommand.Root, "morgana"), "build", program, "-o", image);
        await AnswersAsync(image, "--target", "process");
    }

    [Fact]
    [Trait("Category", "Long")]
    public Task A_web_API_answers_in_JSON() => AnswersInJsonAsync();

    [Fact]
    [Trait("Category", "Long")]
    public Task A_web_API_with_controllers_answers_in_JSON() => AnswersInJsonAsync("--use-controllers");

    private async Task AnswersInJsonAsync(params string[] options)
    {
        string image = await ImageOfAsync("webapi", ["--no-openapi", .. options]);
        await ForecastsAsync(image, "--target", "process");
        if (HasMachines) await ForecastsAsync(image, "--target", "vm", "--accel", "tcg");
    }

    private static bool HasMachines => Toolchain.FindProgram("qemu-system-x86_64") is not null;

    private static async Task WorksAsync(string image, int signal, params string[] options)
    {
        using var command = MorganaCommand.Start(["run", image, .. options]);
        await command.LineAsync("      Worker running at: ");
        await command.LineAsync("      Worker running at: ");
        command.Signal(signal);
        var (status, output, error) = await command.EndAsync();
        Assert.True(status == 0, error);
        Assert.Contains("Application is shutting down...", output, StringComparison.Ordinal);
    }

    private static Task AnswersAsync(string image, params string[] options) => AnswersAsync(image, "/", text => Assert.Equal("Hello World!", text), options);

    private static Task ForecastsAsync(string image, params string[] options) => AnswersAsync(image, "/weatherforecast", text =>
    {
        var forecasts = JsonDocument.Parse(text).RootElement.EnumerateArray().ToArray();
        Assert.Equal(5, forecasts.Length);
        Assert.All(forecasts, f => Assert.Equal(f.GetProperty("temperatureF").GetInt32(), 32 + (int)(f.GetProperty("temperatureC").GetInt32() / 0.5556)));
        Assert.All(forecasts, f => Assert.True(DateOnly.TryParse(f.GetProperty("date").GetString(), CultureInfo.InvariantCulture, out _)));
    }, options);

    private static async Task AnswersAsync(string image, string path, Action<string> check, params string[] options)
    {
        using var command = MorganaCommand.Start(["run", image, "--publish", "0:80", .. options]);
        int port = await command.PortAsync(80);
        using var client = new HttpClient { BaseAddress = new Uri($"http://localhost:{port}/"), Timeout = TimeSpan.FromMinutes(2) };
        check(await client.GetStringAsync(path));
        command.Signal(Interrupt);
        var (status, output, error) = await command.EndAsync();
        Assert.True(status == 0, error);
        Assert.Contains("Application is shutting down...", output, StringComparison.Ordinal);
    }

    private async Task<string> ImageOfAsync(string template, params string[] options)
    {
        string project = Path.Combine(_folder, "My" + template), image = Path.Combine(_folder, template);
        await MorganaCommand.RunProgramAsync("dotnet", ["new", template, "-o", project, "--no-restore", .. options]);
        await MorganaCommand.RunProgramAsync(Path.Combine(MorganaCommand.Root, "morgana"), "build", project, "-o", image);
        // Nothing of it is needed any more.
        Directory.Delete(project, recursive: true);
        return image;
    }
}
