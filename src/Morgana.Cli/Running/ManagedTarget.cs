using System.Collections;
using System.Globalization;
using Morgana.Build;
using Morgana.Build.Manifests;
using Morgana.Cli.Arguments;
using Morgana.Cli.Terminal;

namespace Morgana.Cli.Running;

/// <summary>The managed target: the project under the JIT, with the gateway in its own process, as <c>dotnet run</c> in its folder would start it.</summary>
internal static class ManagedTarget
{
    /// <summary>Runs the guest until it ends or the user stops it.</summary>
    /// <returns>The guest's own exit status; 0 if the user stopped it.</returns>
    public static async Task<int> RunAsync(RunSettings settings)
    {
        using var stop = new StopSignals();
        if (File.Exists(settings.Subject) && ElfFile.IsElf(settings.Subject)) throw new CommandException("the managed target runs a project, not an image", ExitStatus.Usage);
        string program;
        using (var log = new ConsoleBuildLog())
        {
            program = (await new Builder(BuildKind.Managed, log).BuildAsync(ProjectFile.Locate(settings.Subject), stop.Token)).Path;
        }

        var manifest = ManifestFile.Read(program + ".dll");
        using var attachments = Attachments.Open(settings, manifest, "fd", GuestProcess.FirstDescriptor);
        var networks = NetworkPlan.Make(settings, manifest);
        List<string> environment = [.. Environment(settings, networks), .. attachments.Environment];
        // One network it brings itself; what else there is has to be said.
        if (attachments.Devices.Count > 0 || networks.Count > 1)
            environment.Add("MORGANA_DEVICES=" + string.Join(';', [.. networks.Where(_ => manifest is not null).Select(n => n.Device + "=in-process"), .. attachments.Devices]));

        using var input = new GuestInput();
        var guest = GuestProcess.Start(program, settings.BootArguments, environment, [.. attachments.Descriptors], console: input);
        input.Begin();
        attachments.Dispose();
        try
        {
            return await guest.Exited.WaitAsync(stop.Token);
        }
        catch (OperationCanceledException)
        {
            await guest.StopAsync(stop.Insistence);
            return ExitStatus.Done;
        }
    }

    /// <summary>The user's own environment, since the JIT, debuggers and profilers are set by it, and what the gateway in the process is to do. Secrets go another way.</summary>
    internal static List<string> Environment(RunSettings settings, IReadOnlyList<NetworkAttachment> networks)
    {
        var variables = new List<string>();
        foreach (DictionaryEntry variable in System.Environment.GetEnvironmentVariables())
        {
            if (variable.Key is string name && !name.StartsWith("MORGANA_", StringComparison.Ordinal) && settings.Secrets.All(s => s.Variable != name)) variables.Add($"{name}={variable.Value}");
        }

        // A separator alone is no port: an empty text would be the default one.
        variables.Add("MORGANA_PUBLISH=;" + string.Join(';', networks.SelectMany(n => n.Publish.Select(p => p with { Network = n.Device }))));
        variables.Add("MORGANA_MEMORY=" + settings.Memory.ToString(CultureInfo.InvariantCulture));
        if (settings.AllowHost) variables.Add("MORGANA_ALLOW_HOST=1");
        if (networks.FirstOrDefault(n => n.Capture is not null) is { } captured) variables.Add($"MORGANA_CAPTURE={captured.Device}={Path.GetFullPath(captured.Capture!)}");
        return variables;
    }
}
