using Courier;

var builder = Host.CreateApplicationBuilder(args);
builder.Services.AddHostedService<Sender>();
builder.Services.AddHostedService<Recipient>();
builder.Services.AddSingleton<Broker>();

var host = builder.Build();
host.Run();
