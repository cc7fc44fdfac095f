namespace Morgana.Composition.Tests;

/// <summary>Bad input to a unikernel: one line that says what to do, before anything starts.</summary>
public class BootArgumentTests
{
    private static Bindings Whole(params string[] arguments) => new Bindings().Pass(arguments).Secret("data-key", "s3cret"u8.ToArray()).Attach(DeviceHandle.ParseList("disk=file,fd=7")[0]);

    [Theory]
    [InlineData("--greting=x", "there is no boot argument --greting; did you mean --greeting? See --help.")]
    [InlineData("--nonsense=x", "there is no boot argument --nonsense. See --help.")]
    [InlineData("greeting=x", "'greeting=x' is no boot argument; they look like --name=value. See --help.")]
    [InlineData("--greeting", "--greeting needs a value: --greeting=TEXT.")]
    [InlineData("--greeting=", "--greeting is empty: expected text.")]
    [InlineData("--data-size=65", "--data-size=65: expected a whole number from 1 to 64.")]
    [InlineData("--data-size=0", "--data-size=0: expected a whole number from 1 to 64.")]
    [InlineData("--data-size=99999999999", "--data-size=99999999999: expected a whole number from 1 to 64.")]
    [InlineData("--data-size=4 ", "--data-size=4 : expected a whole number from 1 to 64.")]
    public void What_is_wrong_is_named_with_what_was_expected(string argument, string message) =>
        Assert.Equal(message, Assert.Throws<BootException>(() => Notes.Compose(Whole(argument))).Message);

    [Fact]
    public void An_argument_given_twice_is_refused() =>
        Assert.Equal("--greeting is given twice.", Assert.Throws<BootException>(() => Notes.Compose(Whole("--greeting=a", "--greeting=b"))).Message);

    [Fact]
    public void A_value_that_is_too_large_is_refused() =>
        Assert.StartsWith("--greeting is too large: 65537 characters", Assert.Throws<BootException>(() => Notes.Compose(Whole("--greeting=" + new string('x', 65537)))).Message);

    [Fact]
    public void A_required_argument_must_be_given()
    {
        Assert.StartsWith("--ledger-pages is needed", Assert.Throws<BootException>(() => Accounts.Compose(new Bindings().Pass("--year=2026"))).Message);
        Assert.StartsWith("--year is needed", Assert.Throws<BootException>(() => Accounts.Compose(new Bindings().Pass("--ledger-pages=3"))).Message);
        // Unless the part that wants it is not made.
        Accounts.Compose(new Bindings().Pass("--year=2026").Bind(new Store("bound"), "ledger"));
    }

    [Fact]
    public async Task A_required_property_is_set()
    {
        await using var graph = Accounts.Compose(new Bindings().Pass("--year=2026", "--ledger-pages=3"));
        await graph.StartAsync();
        Assert.Equal(2026 + "3 pages".Length, await graph.RunAsync(default));
    }

    [Fact]
    public void A_device_that_is_missing_is_named_with_the_option_that_attaches_it()
    {
        var e = Assert.Throws<BootException>(() => Notes.Compose(new Bindings().Secret("data-key", default)));
        Assert.Equal("notes needs a block device 'disk': start it with 'morgana run ... --block disk=FILE'.", e.Message);
    }

    [Fact]
    public void A_device_that_nobody_asked_for_is_refused()
    {
        var e = Assert.Throws<BootException>(() => Notes.Compose(Whole().Attach(DeviceHandle.ParseList("dsk=file,fd=8")[0])));
        Assert.Equal("MORGANA_DEVICES: notes has no device 'dsk'; it needs disk.", e.Message);
    }

    [Fact]
    public void A_secret_that_is_missing_is_named_with_the_option_that_gives_it()
    {
        var e = Assert.Throws<BootException>(() => Notes.Compose(new Bindings().Attach(DeviceHandle.ParseList("disk=file,fd=7")[0])));
        Assert.Equal("notes needs the secret 'data-key': start it with 'morgana run ... --secret data-key=FILE' or --secret data-key=env:VARIABLE.", e.Message);
    }

    [Fact]
    public async Task A_driver_that_the_image_does_not_have_is_named()
    {
        Journal.Begin();
        var graph = Notes.Compose(new Bindings().Secret("data-key", default).Attach(DeviceHandle.ParseList("disk=virtio,fd=7")[0]));
        Assert.Equal("MORGANA_DEVICES: disk wants the driver 'virtio', and this image has file.", (await Assert.ThrowsAsync<BootException>(() => graph.StartAsync())).Message);
    }

    [Fact]
    public void Help_is_answered_whatever_else_is_wrong()
    {
        var graph = Notes.Compose(new Bindings().Pass("--nonsense", "--help"));
        Assert.True(graph.IsHelpWanted);
        Assert.Equal("""
            NAME
                   notes - Keeps notes.

            SYNOPSIS
                   notes [--name=value ...]

            APPLICATION
                   --greeting=TEXT
                          Shown on the first page.

            NETWORK
                   --address=TEXT
                          Its address. (default: 10.0.0.1)

            STORE DATA
                   --data-size=N
                          Expects a whole number from 1 to 64. (default: 4)

            DEVICES
                   disk  block

            SECRETS
                   data-key

            EXIT STATUS
                   the unikernel's own; 64 if it was started wrongly

            """, graph.WriteHelp());
    }

    [Theory]
    [InlineData("disk", "is not of the form")]
    [InlineData("=file", "is not of the form")]
    [InlineData("disk=", "is not of the form")]
    [InlineData("disk=file,fd=3,fd=4", "twice")]
    [InlineData("disk=file,=4", "no name")]
    public void A_damaged_list_of_devices_is_refused(string text, string why) => Assert.Contains(why, Assert.Throws<BootException>(() => DeviceHandle.ParseList(text)).Message);

    [Theory]
    [InlineData("0", 0L)]
    [InlineData("512", 512L)]
    [InlineData("64M", 64L << 20)]
    [InlineData("1GiB", 1L << 30)]
    [InlineData("3kb", 3L << 10)]
    public void Sizes_have_units(string text, long octets)
    {
        Assert.Equal(octets, ByteSize.Parse(text).Octets);
        Assert.Equal(octets, ByteSize.Parse(ByteSize.Parse(text).ToString()).Octets);
    }

    [Theory, InlineData(""), InlineData("-1"), InlineData("M"), InlineData("1X"), InlineData("9999999999G"), InlineData("9999999999999999999"), InlineData("1 M"), InlineData("1.5G"), InlineData("64Xib")]
    public void What_is_no_size_is_refused(string text) => Assert.False(ByteSize.TryParse(text, null, out _));

    [Theory]
    [InlineData("250ms", 250)]
    [InlineData("1.5s", 1500)]
    [InlineData("2m", 120_000)]
    [InlineData("1d", 86_400_000)]
    public void Durations_have_units(string text, int milliseconds) => Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), BootValue.Duration(new("t", "DURATION", "a duration", "G"), text));

    [Theory, InlineData("5"), InlineData("s"), InlineData("-1s"), InlineData("1..2s"), InlineData("1e9d"), InlineData("99999999999999d")]
    public void What_is_no_duration_is_refused(string text) => Assert.Throws<BootException>(() => BootValue.Duration(new("t", "DURATION", "a duration", "G"), text));

    [Fact]
    public void Keys_are_hexadecimal_or_base64()
    {
        Assert.Equal([0xde, 0xad], KeyText.Parse("dead").Octets.ToArray());
        Assert.Equal("hello"u8.ToArray(), KeyText.Parse("aGVsbG8=").Octets.ToArray());
        Assert.False(KeyText.TryParse("no key", null, out _));
    }

    [Fact]
    public void Lists_have_commas_and_no_holes()
    {
        var argument = new ArgumentDescription("ports", "N", "numbers", "G");
        Assert.Equal([1, 2], BootValue.List(argument, "1, 2", BootValue.Parse<int>));
        Assert.Throws<BootException>(() => BootValue.List(argument, "1,,2", BootValue.Parse<int>));
    }
}
