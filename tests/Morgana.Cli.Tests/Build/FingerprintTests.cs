using Morgana.Build;

namespace Morgana.Cli.Tests.Build;

public sealed class FingerprintTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("morgana-fingerprint-").FullName;
    private readonly string _project;
    private readonly string _dotnet;
    private readonly string[] _inputs;

    public FingerprintTests()
    {
        _dotnet = Write("dotnet/dotnet", "");
        Directory.CreateDirectory(Path.Combine(_root, "dotnet/sdk/10.0.100"));
        _project = Write("app/App.csproj", "<Project/>");
        Write("app/Program.cs", "return 0;");
        Write("library/Library.csproj", "<Project/>");
        Write("library/Inner/Code.cs", "class Code;");
        Write("docs/start.md", "# Start");
        _inputs = ["project=" + _project, $"project={_root}/library/Library.csproj", $"file={_root}/docs/start.md", $"assembly={_root}/app/bin/App.dll"];
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void The_same_files_have_the_same_fingerprint_whenever_they_were_written()
    {
        string before = Hash();
        File.SetLastWriteTimeUtc(_project, DateTime.UnixEpoch);
        Assert.Equal(before, Hash());
    }

    [Theory]
    [InlineData("app/Program.cs")]                  // a source
    [InlineData("app/page.html")]                   // a new file, whatever it is
    [InlineData("library/Inner/Code.cs")]           // a referenced project's
    [InlineData("docs/start.md")]                   // a file taken in from elsewhere
    [InlineData("docs/more.md")]                    // one more that its pattern may match
    [InlineData("Directory.Build.props")]           // what a folder above says
    public void A_change_is_seen(string file)
    {
        string before = Hash();
        Write(file, "something else");
        Assert.NotEqual(before, Hash());
    }

    [Theory]
    [InlineData("app/obj/project.assets.json")]
    [InlineData("app/bin/Release/App.dll")]
    [InlineData("library/Inner/bin/x")]
    [InlineData("elsewhere/File.cs")]
    public void What_is_made_or_not_used_is_no_change(string file)
    {
        string before = Hash();
        Write(file, "something else");
        Assert.Equal(before, Hash());
    }

    [Fact]
    public void A_deleted_file_is_a_change()
    {
        string before = Hash();
        File.Delete(Path.Combine(_root, "library/Inner/Code.cs"));
        Assert.NotEqual(before, Hash());
    }

    [Fact]
    public void Another_dotnet_sdk_is_a_change()
    {
        string before = Hash();
        Directory.CreateDirectory(Path.Combine(_root, "dotnet/sdk/10.0.101"));
        Assert.NotEqual(before, Hash());
    }

    [Fact]
    public void Octets_that_move_from_one_file_to_the_next_are_a_change()
    {
        Write("app/a.cs", "ab");
        Write("app/b.cs", "c");
        string before = Hash();
        Write("app/a.cs", "a");
        Write("app/b.cs", "bc");
        Assert.NotEqual(before, Hash());
    }

    [Fact]
    public void A_saved_fingerprint_is_current_until_a_file_changes_and_only_for_its_own_project()
    {
        string file = Path.Combine(_root, "fingerprint");
        Fingerprint.Take(_inputs, _dotnet, out _).Save(file);
        var loaded = Fingerprint.Load(file)!;
        Assert.True(loaded.IsCurrent(_project, _dotnet));
        Assert.False(loaded.IsCurrent("/a/copy/App.csproj", _dotnet));
        Assert.Equal($"{_root}/app/bin/App.dll", loaded.Assembly);
        Write("app/Program.cs", "return 1;");
        Assert.False(loaded.IsCurrent(_project, _dotnet));
    }

    [Theory]
    [InlineData("")]
    [InlineData("morgana-fingerprint 0\nabc\n")]
    [InlineData("morgana-fingerprint 1\n")]
    public void A_damaged_or_older_record_is_none(string text) => Assert.Null(Fingerprint.Load(Write("fingerprint", text)));

    private string Hash() => Fingerprint.Take(_inputs, _dotnet, out _).Hash;

    private string Write(string name, string text)
    {
        string path = Path.Combine(_root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }
}
