using System.Globalization;
using Morgana.SystemNative;
using SocketStress;

// SocketStress [--substitute FOLDER] SOCKETS SEED: sockets by the thousand while everything is collected all the time, and nothing may be left.
var rest = args.AsSpan();
if (rest is ["--substitute", var folder, ..])
{
    Environment.SetEnvironmentVariable("MORGANA_DEVICES", "");
    SocketCases.Substitution.Install(folder);
    rest = rest[2..];
}

if (rest is not [var sockets, var seed])
{
    Console.Error.WriteLine("usage: SocketStress [--substitute FOLDER] SOCKETS SEED");
    return 64;
}

var before = Left.Now();
using (var collector = new Collector())
{
    var load = new Load(int.Parse(sockets, CultureInfo.InvariantCulture), int.Parse(seed, CultureInfo.InvariantCulture));
    await load.RunAsync();
    Console.WriteLine(load);
    Console.WriteLine($"{collector.Collections} collections");
}

// The port of .NET's own events stays, as it does on Linux.
var after = Left.Once(left => left == before with { Descriptors = before.Descriptors + 1 });
Console.WriteLine($"before: {before}\nafter:  {after}");
return after == before with { Descriptors = before.Descriptors + 1 } ? 0 : 1;
