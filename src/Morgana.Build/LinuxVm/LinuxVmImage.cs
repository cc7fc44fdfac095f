using System.Diagnostics;
using System.Reflection;
using System.Text;

namespace Morgana.Build;

/// <summary>An image on a stock Linux: an initial file system with the image, what it is told, and a first process that makes things ready for it.</summary>
public static class LinuxVmImage
{
    private const int MostDisks = 10;

    private static readonly string[] s_net = ["failover", "net_failover", "virtio_net"];
    private static readonly string[] s_block = ["virtio_blk"];
    private static readonly string[] s_pci = ["virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci"];
    private static readonly string[] s_mmio = ["virtio_ring", "virtio", "virtio_mmio"];

    /// <summary>Writes the archive.</summary>
    /// <param name="kernel">The Linux that will load it.</param>
    /// <param name="application">The image: a static program.</param>
    /// <param name="environment">The image's environment, as NAME=VALUE.</param>
    /// <param name="arguments">The image's command line, without its name.</param>
    /// <param name="hasNetwork">Whether there is a network card, for which modules are loaded.</param>
    /// <param name="disks">How many disks there are: their serial numbers are <c>disk0</c> and so on.</param>
    /// <param name="isPci">Whether all of that is on PCI, rather than in the memory of a microvm.</param>
    /// <param name="file">The archive.</param>
    /// <param name="cancel">Ends the work.</param>
    /// <exception cref="BuildException">Something is missing.</exception>
    public static async Task CreateAsync(
        LinuxKernel kernel, string application, IEnumerable<string> environment, IEnumerable<string> arguments, bool hasNetwork, int disks, bool isPci, string file, CancellationToken cancel)
    {
        if (disks > MostDisks) throw new BuildException($"a stock Linux gets {MostDisks} disks at most, and these are {disks}");
        byte[] init = await CompileInitAsync(cancel);
        using var archive = new InitialRamArchive(File.Create(file));
        foreach (string folder in (string[])["dev", "proc", "sys", "modules"]) archive.AddFolder(folder);
        // Before the first process runs, Linux opens its console.
        archive.AddDevice("dev/console", 5, 1);
        archive.AddFile("init", init);
        string[] modules = [.. hasNetwork || disks > 0 ? isPci ? s_pci : s_mmio : [], .. hasNetwork ? s_net : [], .. disks > 0 ? s_block : []];
        for (int i = 0; i < modules.Length; i++) archive.AddFile($"modules/{i:d2}", await File.ReadAllBytesAsync(kernel.Module(modules[i]), cancel));
        // What the first process opens, in the order of descriptors from 3 on: the link, and each disk.
        archive.AddFile("devices", Encoding.ASCII.GetBytes((hasNetwork ? "n" : "") + string.Concat(Enumerable.Range(0, disks).Select(i => (char)('0' + i)))));
        archive.AddFile("words", Words(environment, ["/image", .. arguments]));
        archive.AddFile("image", await File.ReadAllBytesAsync(application, cancel));
    }

    /// <summary>Both lists as init.c reads them: each word ended by a zero, and each list by an empty word.</summary>
    private static byte[] Words(IEnumerable<string> environment, IEnumerable<string> arguments)
    {
        string[] lists = [.. environment, "", .. arguments, ""];
        if (lists.Count(w => w == "") != 2) throw new BuildException("an argument is empty, which the first process on a stock Linux does not pass on");
        byte[] words = Encoding.UTF8.GetBytes(string.Join('\0', lists) + "\0");
        return words.Length < 64 << 10 ? words : throw new BuildException("the arguments are longer than 64 KB");
    }

    private static async Task<byte[]> CompileInitAsync(CancellationToken cancel)
    {
        string compiler = Toolchain.FindProgram("gcc") ?? throw new BuildException("the first process on a stock Linux is compiled with gcc: sudo apt-get install gcc libc6-dev");
        using var source = Assembly.GetExecutingAssembly().GetManifestResourceStream("init.c")!;
        string folder = Directory.CreateTempSubdirectory("morgana-init-").FullName, program = Path.Combine(folder, "init");
        try
        {
            using var process = Process.Start(new ProcessStartInfo(compiler,
            [
                "-x", "c", "-Os", "-static", "-nostdlib", "-nostartfiles", "-ffreestanding", "-fno-stack-protector", "-fcf-protection=none", "-fno-pie", "-no-pie",
                "-fno-asynchronous-unwind-tables", "-Wl,--build-id=none", "-s", "-o", program, "-",
            ])
            { RedirectStandardInput = true, RedirectStandardError = true })!;
            Task<string> error = process.StandardError.ReadToEndAsync(cancel);
            await source.CopyToAsync(process.StandardInput.BaseStream, cancel);
            process.StandardInput.Close();
            await process.WaitForExitAsync(cancel);
            if (process.ExitCode != 0) throw new BuildException("the first process for a stock Linux cannot be compiled", (await error).Split('\n', StringSplitOptions.RemoveEmptyEntries));
            return await File.ReadAllBytesAsync(program, cancel);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
