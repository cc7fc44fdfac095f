using System.Runtime.InteropServices;

namespace Morgana.SystemNative.Tests.Shared;

public class ErrorTests
{
    [DllImport("libSystem.Native", EntryPoint = "SystemNative_ConvertErrorPalToPlatform")]
    private static extern int ToPlatform(int error);

    public static TheoryData<string> Names => [.. Enum.GetNames<Error>()];

    [Theory, MemberData(nameof(Names))]
    public void An_error_has_the_number_that_the_platform_gives_it(string name)
    {
        var error = Enum.Parse<Error>(name);
        Assert.Equal(ToPlatform((int)error), error.ToErrno());
        Assert.True(error == Error.Success || error.ToErrno() != 5 || error == Error.EIO, $"{name} has no number.");
    }
}
