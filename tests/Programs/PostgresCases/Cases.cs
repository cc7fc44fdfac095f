using System.Globalization;
using Npgsql;

namespace PostgresCases;

/// <summary>What programs do with a database.</summary>
internal sealed class Cases(string settings)
{
    private readonly NpgsqlDataSource _source = Build(settings);

    public IEnumerable<(string Name, Func<Task<string>> Run)> All =>
    [
        ("a number", () => ScalarAsync("SELECT 6 * 7")),
        ("a parameter", () => ScalarAsync("SELECT 'hello, ' || $1", "världen")),
        ("types there and back", TypesAsync),
        ("a table", () => ExecuteAsync("DROP TABLE IF EXISTS things; CREATE TABLE things (id int PRIMARY KEY, name text)")),
        ("rows in a batch", BatchAsync),
        ("a row that is there already", () => ExecuteAsync("INSERT INTO things VALUES (1, 'again')")),
        ("a transaction that is undone", UndoneAsync),
        ("a prepared statement", PreparedAsync),
        ("COPY to the server", CopyInAsync),
        ("COPY from the server", CopyOutAsync),
        ("five megabytes", LargeAsync),
        ("twenty thousand rows", ManyRowsAsync),
        ("a notification", NotificationAsync),
        ("a query that is cancelled", CancelledAsync),
        ("a query that takes too long", TooLongAsync),
        ("the connection after that", () => ScalarAsync("SELECT 'still there'")),
        ("fifty at once on five connections", PoolAsync),
        ("a connection that the server ends", TerminatedAsync),
        ("the next connection", () => ScalarAsync("SELECT 'a new one'")),
        ("TLS", () => OtherAsync("SSL Mode=Require", "SELECT ssl || ', ' || version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")),
        ("TLS with a certificate that nobody trusts", () => OtherAsync("SSL Mode=VerifyFull", "SELECT 1")),
        ("a database that is not there", () => OtherAsync("Database=nowhere", "SELECT 1")),
        ("a port where nobody listens", () => OtherAsync("Port=1", "SELECT 1")),
        ("an error of syntax", () => ScalarAsync("SELEKT 1")),
    ];

    private static NpgsqlDataSource Build(string settings)
    {
        var builder = new NpgsqlSlimDataSourceBuilder(settings);
        builder.EnableTransportSecurity();
        builder.EnableArrays();
        return builder.Build();
    }

    private async Task<string> ScalarAsync(string text, string? parameter = null)
    {
        await using var command = _source.CreateCommand(text);
        if (parameter is not null) command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = parameter });
        return Convert.ToString(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture) ?? "";
    }

    private async Task<string> ExecuteAsync(string text)
    {
        await using var command = _source.CreateCommand(text);
        return $"{await command.ExecuteNonQueryAsync()}";
    }

    private async Task<string> TypesAsync()
    {
        await using var command = _source.CreateCommand("SELECT $1::int8, $2::float8, $3::bytea, $4::uuid, $5::timestamptz, $6::int4[], NULL::text");
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = long.MaxValue });
        command.Parameters.Add(new NpgsqlParameter<double> { TypedValue = 1.5 });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = [1, 2, 255] });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Guid.Empty });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = DateTime.UnixEpoch });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [3, 4] });
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return string.Create(CultureInfo.InvariantCulture, $"{reader.GetInt64(0)} {reader.GetDouble(1)} {Convert.ToHexString(reader.GetFieldValue<byte[]>(2))} {reader.GetGuid(3)} {reader.GetDateTime(4):u} {string.Join('+', reader.GetFieldValue<int[]>(5))} {reader.IsDBNull(6)}");
    }

    private async Task<string> BatchAsync()
    {
        await using var batch = _source.CreateBatch();
        for (int i = 0; i < 100; i++)
        {
            var insert = new NpgsqlBatchCommand("INSERT INTO things VALUES ($1, $2)");
            insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = i });
            insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = $"thing {i}" });
            batch.BatchCommands.Add(insert);
        }

        return $"{await batch.ExecuteNonQueryAsync()}";
    }

    private async Task<string> UndoneAsync()
    {
        await using var connection = await _source.OpenConnectionAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await using var delete = new NpgsqlCommand("DELETE FROM things", connection, transaction);
            await delete.ExecuteNonQueryAsync();
            await transaction.RollbackAsync();
        }

        await using var count = new NpgsqlCommand("SELECT count(*) FROM things", connection);
        return $"{await count.ExecuteScalarAsync()}";
    }

    private async Task<string> PreparedAsync()
    {
        await using var connection = await _source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("SELECT name FROM things WHERE id = $1", connection);
        var id = new NpgsqlParameter<int>();
        command.Parameters.Add(id);
        await command.PrepareAsync();
        string names = "";
        foreach (int i in (int[])[3, 50, 99])
        {
            id.TypedValue = i;
            names += await command.ExecuteScalarAsync() + ";";
        }

        return names;
    }

    private async Task<string> CopyInAsync()
    {
        await using var connection = await _source.OpenConnectionAsync();
        ulong rows;
        await using (var writer = await connection.BeginBinaryImportAsync("COPY things (id, name) FROM STDIN BINARY"))
        {
            for (int i = 1000; i < 21_000; i++)
            {
                await writer.StartRowAsync();
                await writer.WriteAsync(i);
                await writer.WriteAsync($"copied {i}");
            }

            rows = await writer.CompleteAsync();
        }

        return $"{rows}";
    }

    private async Task<string> CopyOutAsync()
    {
        await using var connection = await _source.OpenConnectionAsync();
        using var reader = await connection.BeginTextExportAsync("COPY (SELECT id, name FROM things ORDER BY id) TO STDOUT");
        int lines = 0, octets = 0;
        while (await reader.ReadLineAsync() is { } line) (lines, octets) = (lines + 1, octets + line.Length);
        return $"{lines}, {octets}";
    }

    private async Task<string> LargeAsync()
    {
        string sent = string.Concat(Enumerable.Range(0, 500_000).Select(i => $"{i % 1000:D9} "));
        string back = await ScalarAsync("SELECT $1 || md5($1)", sent);
        return $"{back.Length}, {back.StartsWith(sent, StringComparison.Ordinal)}, {back[^32..]}";
    }

    private async Task<string> ManyRowsAsync()
    {
        await using var command = _source.CreateCommand("SELECT i, repeat('x', i % 100) FROM generate_series(1, 20000) AS i");
        await using var reader = await command.ExecuteReaderAsync();
        long sum = 0;
        while (await reader.ReadAsync()) sum += reader.GetInt32(0) + reader.GetString(1).Length;
        return $"{sum}";
    }

    private async Task<string> NotificationAsync()
    {
        await using var listener = await _source.OpenConnectionAsync();
        string heard = "";
        listener.Notification += (_, e) => heard = $"{e.Channel}: {e.Payload}";
        await using (var listen = new NpgsqlCommand("LISTEN news", listener)) await listen.ExecuteNonQueryAsync();
        await ExecuteAsync("NOTIFY news, 'it rains'");
        await listener.WaitAsync();
        return heard;
    }

    private async Task<string> CancelledAsync()
    {
        using var cancel = new CancellationTokenSource();
        await using var command = _source.CreateCommand("SELECT pg_sleep(300) /* long */");
        var running = command.ExecuteScalarAsync(cancel.Token);
        while (await ScalarAsync("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep(300) /%'") == "0") { }
        await cancel.CancelAsync();
        try
        {
            await running;
            return "done";
        }
        catch (OperationCanceledException e)
        {
            return $"cancelled, {(e.InnerException as PostgresException)?.SqlState}";
        }
    }

    private async Task<string> TooLongAsync()
    {
        await using var command = _source.CreateCommand("SELECT pg_sleep(300)");
        command.CommandTimeout = 1;
        await command.ExecuteScalarAsync();
        return "done";
    }

    private async Task<string> PoolAsync()
    {
        string[] numbers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => ScalarAsync("SELECT pg_sleep(0.01)::text || $1", $"{i}")));
        return string.Join(' ', numbers);
    }

    private async Task<string> TerminatedAsync()
    {
        await using var connection = await _source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand("SELECT pg_terminate_backend(pg_backend_pid())", connection);
        await command.ExecuteScalarAsync();
        return "done";
    }

    private async Task<string> OtherAsync(string more, string text)
    {
        await using var source = Build($"{settings};{more};Pooling=false");
        await using var command = source.CreateCommand(text);
        return Convert.ToString(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture) ?? "";
    }
}
