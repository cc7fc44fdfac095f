var builder = WebApplication.CreateBuilder(args);
var app = builder.Build();

app.UseDefaultFiles();
app.UseStaticFiles();
app.MapGet("/hello", (IConfiguration configuration) => $"{configuration["Greeting"]}, {configuration["Name"] ?? "world"}!");

app.Run();
