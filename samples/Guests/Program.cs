using System.Net;
using Npgsql;

var builder = WebApplication.CreateSlimBuilder(args);
// The slim builder has what the ahead-of-time compiler can see through.
await using var guests = new NpgsqlSlimDataSourceBuilder(builder.Configuration.GetConnectionString("Guests")).Build();
await using (var create = guests.CreateCommand("CREATE TABLE IF NOT EXISTS guests (id serial PRIMARY KEY, name text NOT NULL, came timestamptz NOT NULL DEFAULT now())"))
    await create.ExecuteNonQueryAsync();

var app = builder.Build();

app.MapGet("/", async () =>
{
    var lines = new List<string>();
    await using var select = guests.CreateCommand("SELECT name, came FROM guests ORDER BY id DESC LIMIT 100");
    await using var reader = await select.ExecuteReaderAsync();
    while (await reader.ReadAsync()) lines.Add($"<li>{WebUtility.HtmlEncode(reader.GetString(0))}, {reader.GetDateTime(1):u}</li>");
    return Results.Content($"""
        <!DOCTYPE html>
        <title>Guests</title>
        <h1>{lines.Count} guests</h1>
        <form method="post"><input name="name" maxlength="80"><button>Sign</button></form>
        <ul>{string.Join('\n', lines)}</ul>
        """, "text/html; charset=utf-8");
});

app.MapPost("/", async (HttpContext context) =>
{
    string name = (await context.Request.ReadFormAsync())["name"].ToString();
    if (name.Length is 0 or > 80) return Results.BadRequest();
    await using var insert = guests.CreateCommand("INSERT INTO guests (name) VALUES ($1)");
    insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
    await insert.ExecuteNonQueryAsync();
    return Results.Redirect("/");
});

app.Run();
