namespace Morgana.Build;

/// <summary>What compiling ahead of time needs besides the .NET SDK: a C compiler's driver as the linker, and the C library to link.</summary>
public static class Toolchain
{
    private static readonly string[] LibraryFolders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"];

    /// <summary>The linker's driver, or null. clang is preferred, as the .NET SDK does, and as there only the path is searched.</summary>
    public static string? Linker => FindIn(SearchPath, "clang") ?? FindIn(SearchPath, "gcc");

    /// <summary>The C library as a static one, or null.</summary>
    public static string? StaticLibc => FindLibrary("libc.a");

    /// <summary>OpenSSL's cryptography as a static library, or null: images of programs that use .NET's own link it.</summary>
    public static string? StaticOpenSsl => FindLibrary("libcrypto.a");

    /// <summary>Debian's packages for what is missing.</summary>
    public static IReadOnlyList<string> MissingPackages
    {
        get
        {
            var missing = new List<string>();
            if (Linker is null) missing.Add("gcc");
            if (StaticLibc is null) missing.Add("libc6-dev");
            return missing;
        }
    }

    private static string[] SearchPath => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');

    /// <summary>Finds a program on the path, and in the folders of system programs, which an ordinary user's path may lack.</summary>
    public static string? FindProgram(string name) => FindIn([.. SearchPath, "/usr/bin", "/usr/sbin", "/sbin"], name);

    private static string? FindIn(IEnumerable<string> folders, string name) =>
        folders.Where(d => d.Length > 0).Select(d => Path.Combine(d, name)).FirstOrDefault(File.Exists);

    private static string? FindLibrary(string name) => LibraryFolders.Select(d => Path.Combine(d, name)).FirstOrDefault(File.Exists);

    /// <summary>What makes the kernel of the virtual machine, besides the linker's driver: gcc as the assembler's, and binutils. Null when something is missing.</summary>
    public static string? Binutils => FindProgram("gcc") is not null && FindProgram("objdump") is not null && FindProgram("nm") is not null ? FindProgram("ld") : null;

    /// <exception cref="BuildException">Something is missing.</exception>
    internal static void RequireBinutils()
    {
        if (Binutils is null) throw new BuildException("The kernel of the virtual machine needs gcc and binutils: sudo apt-get install gcc binutils");
    }

    /// <exception cref="BuildException">Something is missing.</exception>
    internal static void Require()
    {
        if (MissingPackages is { Count: > 0 } missing)
        {
            throw new BuildException($"Compiling an image needs {string.Join(" and ", missing)}: sudo apt-get install {string.Join(' ', missing)}");
        }
    }
}
