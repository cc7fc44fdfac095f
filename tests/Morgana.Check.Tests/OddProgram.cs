using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;

namespace Odd;

/// <summary>A program with calls that no image does, at lines that the tests know.</summary>
internal static partial class Program
{
#line 10 "/somewhere/Odd/Program.cs"
    public static async Task StartAsync(string other)
    {
        await Task.Yield();
        Process.Start(other);
    }

#line 20 "/somewhere/Odd/Program.cs"
    public static IPAddress Everywhere() => IPAddress.IPv6Any;

#line 30 "/somewhere/Odd/Program.cs"
    public static int Outer() => Inner(1) + Inner(2);

#line 40 "/somewhere/Odd/Program.cs"
    public static void Nobody() => Process.Start("nobody");

#line 50 "/somewhere/Odd/Program.cs"
    public static IEnumerable<CultureInfo> Cultures(string[] names) => names.Select(n => CultureInfo.GetCultureInfo(n));

#line 60 "/somewhere/Odd/Program.cs"
    public static string Ordinary(string[] words) => string.Join(' ', words.Order()) + new List<int> { 1 }.Count;
#line default

    private static int Inner(int value) => Deepest(value) + FromWindows();

    [LibraryImport("odd")]
    private static partial int Deepest(int value);

    [LibraryImport("kernel32.dll")]
    private static partial int FromWindows();
}

/// <summary>Its namesakes.</summary>
internal sealed class Box<T>
{
    public sealed class Lid
    {
        public void Close(T value) => Process.Start($"{value}");
    }
}
