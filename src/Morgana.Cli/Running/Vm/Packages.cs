using System.Diagnostics;
using Morgana.Build;

namespace Morgana.Cli.Running.Vm;

/// <summary>Debian's packages, where this user may install them.</summary>
internal static class Packages
{
    /// <summary>Finds a program, or installs the package that has it.</summary>
    /// <param name="program">The program.</param>
    /// <param name="package">Debian's package with it.</param>
    /// <param name="cancel">Stops the installation.</param>
    /// <returns>The program's full path.</returns>
    /// <exception cref="CommandException">It is missing, and may not be installed from here.</exception>
    public static async Task<string> RequireAsync(string program, string package, CancellationToken cancel)
    {
        if (Toolchain.FindProgram(program) is { } found) return found;
        if (Environment.IsPrivilegedProcess && Toolchain.FindProgram("apt-get") is { } apt)
        {
            Console.Error.WriteLine($"Installing {package} ...");
            await RunAsync(apt, ["install", "-y", "-q", "--no-install-recommends", package], cancel);
            if (Toolchain.FindProgram(program) is null)
            {
                await RunAsync(apt, ["update", "-q"], cancel);
                await RunAsync(apt, ["install", "-y", "-q", "--no-install-recommends", package], cancel);
            }
        }

        return Toolchain.FindProgram(program) ?? throw new CommandException($"the vm target needs {program}: sudo apt-get install {package}");
    }

    private static async Task RunAsync(string apt, string[] arguments, CancellationToken cancel)
    {
        var start = new ProcessStartInfo(apt, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        Task reading = Task.WhenAll(process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
        try
        {
            await process.WaitForExitAsync(cancel);
            await reading;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
