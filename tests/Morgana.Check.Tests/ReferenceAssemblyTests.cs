namespace Morgana.Check.Tests;

public class ReferenceAssemblyTests
{
    [Theory]
    [InlineData("/srv/ada/.nuget/packages/npgsql/9.0.3/lib/net8.0/Npgsql.dll", "Package", "Npgsql 9.0.3")]
    [InlineData("/cache/system.data.odbc/9.0.0/runtimes/linux/lib/net9.0/System.Data.Odbc.dll", "Package", "System.Data.Odbc 9.0.0")]
    [InlineData("/cache/rows.all/1.2.0/lib/net8.0/Rows.dll", "Package", "rows.all 1.2.0")]
    [InlineData("/cache/microsoft.aspnetcore.app.runtime.linux-x64/9.0.20/runtimes/linux-x64/lib/net9.0/Microsoft.AspNetCore.dll", "Platform", "Microsoft.AspNetCore")]
    [InlineData("/cache/runtime.linux-x64.microsoft.dotnet.ilcompiler/9.0.20/framework/System.Console.dll", "Platform", "System.Console")]
    [InlineData("/src/Morgana.Core/bin/Release/net9.0/Morgana.Core.dll", "Platform", "Morgana.Core")]
    [InlineData("/srv/ada/Lib/bin/Release/net9.0/Lib.dll", "Program", "Lib")]
    [InlineData("/lib/Lib.dll", "Program", "Lib")]
    public void An_assemblys_folder_says_whose_it_is(string path, string origin, string name)
    {
        var assembly = ReferenceAssembly.From(path);
        Assert.Equal(origin, assembly.Origin.ToString());
        Assert.Equal(name, assembly.Name);
    }
}
