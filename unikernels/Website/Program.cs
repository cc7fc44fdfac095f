using Microsoft.AspNetCore.Builder;
using Morgana.Hosting;
using Website;

var builder = WebApplication.CreateEmptyBuilder(new() { Args = args });
builder.UseMorgana();
builder.Build().UseWebsite().Run();
