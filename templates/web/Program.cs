using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Morgana.Hosting;

var builder = WebApplication.CreateEmptyBuilder(new() { Args = args });
builder.UseMorgana();                        // stack, boot arguments, logging, Kestrel's transport
var app = builder.Build();
app.UseRouting();
app.MapGet("/", context => context.Response.WriteAsync("Hello from Unikernel1"));
app.UseEndpoints(_ => { });
app.Run();
