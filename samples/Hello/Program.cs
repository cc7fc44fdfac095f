// Greets whom a boot argument names: `./morgana run samples/Hello -- --name=Ada`. `-- --help` shows all that it understands.
using Morgana.Hosting;

return await Unikernel.RunAsync(Greet, new BootArgument("name", "NAME", "Who is greeted", "World"));

static Task<int> Greet(UnikernelContext context, CancellationToken stop)
{
    Console.WriteLine($"Hello, {context.Arguments.Find("name")}!");
    return Task.FromResult(0);
}
