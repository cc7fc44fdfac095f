// A program that writes types of its own as JSON without a JsonSerializerContext, reads them back, and knows nothing of Morgana: prints a line for
// each, the same wherever it runs.
using System.Text.Json;
using System.Text.Json.Serialization;

var named = new JsonSerializerOptions(JsonSerializerDefaults.Web) { IncludeFields = true, Converters = { new JsonStringEnumConverter() } };
foreach (var shape in Shapes.All)
{
    Console.WriteLine($"{shape.Name}: {Try(shape, JsonSerializerOptions.Default)}");
    Console.WriteLine($"{shape.Name}, web: {Try(shape, named)}");
}

static string Try(Shape shape, JsonSerializerOptions options)
{
    try
    {
        string text = JsonSerializer.Serialize(shape.Value, shape.Type, options);
        object? back = JsonSerializer.Deserialize(text, shape.Type, options);
        string again = JsonSerializer.Serialize(back, shape.Type, options);
        return again == text ? text : $"{text}, read as {again}";
    }
    catch (Exception e)
    {
        // What the serializer refuses it refuses everywhere; what it cannot find in an image it says otherwise.
        return $"{e.GetType().Name}: {e.Message.Split('\n')[0]}";
    }
}
