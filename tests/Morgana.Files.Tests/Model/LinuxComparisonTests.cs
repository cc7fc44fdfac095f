namespace Morgana.Files.Tests.Model;

/// <summary>The same random calls on Linux's files and on ours: each must have the same answer, and leave the same tree.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public class LinuxComparisonTests
{
    private const int Calls = 3000;

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5), InlineData(6), InlineData(7), InlineData(8), InlineData(9), InlineData(10)]
    public void Random_calls_have_the_answers_that_Linux_gives(int seed) => Compare(seed, user: null);

    /// <summary>Root may switch the user of one thread's file calls, so permissions are compared as well.</summary>
    [Theory, InlineData(11), InlineData(12), InlineData(13), InlineData(14), InlineData(15), InlineData(16), InlineData(17), InlineData(18), InlineData(19), InlineData(20)]
    public void Random_calls_of_a_user_without_rights_have_the_answers_that_Linux_gives(int seed) => Compare(seed, user: 1234);

    private static void Compare(int seed, uint? user)
    {
        bool isRoot = Libc.EffectiveUser() == 0;
        if (!isRoot) user = null;
        int count = Environment.GetEnvironmentVariable("MORGANA_LONG") == "1" ? Calls * 100 : Calls;

        // Once where everything can be loaded: afterwards the thread's root is an empty folder.
        using (var rehearsal = new Folder()) Linux.Run(rehearsal.Path, null, asRoot: false, l => new RandomCalls(seed, absolute: false).Run(l, Calls));
        using var folder = new Folder();
        List<string> expected = [];
        Linux.Run(folder.Path, user, isRoot, l => expected = new RandomCalls(seed, isRoot, user is null).Run(l, count));

        var memory = new MemoryFileSystem(new() { RootPermissions = 0x1FF, Uid = Libc.EffectiveUser(), Gid = Libc.EffectiveGroup() });
        var files = new FileNamespace(memory, new() { Uid = user ?? Libc.EffectiveUser(), Gid = user ?? Libc.EffectiveGroup() });
        var actual = new RandomCalls(seed, isRoot, user is null).Run(new Ours(files), count);

        for (int i = 0; i < expected.Count; i++)
        {
            if (expected[i] == actual[i]) continue;
            Assert.Fail($"Seed {seed}, user {user}:\n{string.Join('\n', expected.Skip(i - 400).Take(Math.Min(i, 400)))}\nLinux: {expected[i]}\nours:  {actual[i]}");
        }

        Assert.Equal(0, files.OpenFiles);
        Assert.True(expected.Count(l => l.Contains(" = 0", StringComparison.Ordinal)) > count / 20, "Hardly any call succeeded.");
    }

    private sealed class Folder : IDisposable
    {
        public Folder()
        {
            Path = Directory.CreateTempSubdirectory("morgana-files-").FullName;
            File.SetUnixFileMode(Path, (UnixFileMode)0x1FF);
        }

        public string Path { get; }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
