using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Unicode;
using Weir.Social.WebApp;

namespace Weir.Social.Exports;

/// <summary>A zip that grows at its end: nothing of it is kept in memory. One entry is open at a time.</summary>
internal sealed class ExportArchive(Stream output) : IDisposable
{
    private static readonly JsonWriterOptions Writing = new() { Indented = true, Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };
    private static readonly JsonSerializerOptions Values = MakeOptions();
    private readonly ZipArchive _zip = new(output, ZipArchiveMode.Create, leaveOpen: true);

    /// <summary>One JSON array, an item at a time.</summary>
    public async Task WriteListAsync<T>(string name, IAsyncEnumerable<T> items, CancellationToken cancellation)
    {
        await using var entry = _zip.CreateEntry(name, CompressionLevel.Fastest).Open();
        await using var json = new Utf8JsonWriter(entry, Writing);
        json.WriteStartArray();
        await foreach (var item in items.WithCancellation(cancellation))
        {
            JsonSerializer.Serialize(json, item, Values);
            if (json.BytesPending > 16 * 1024)
            {
                await json.FlushAsync(cancellation);
            }
        }

        json.WriteEndArray();
    }

    public async Task WriteAsync<T>(string name, T value, CancellationToken cancellation)
    {
        await using var entry = _zip.CreateEntry(name, CompressionLevel.Fastest).Open();
        await JsonSerializer.SerializeAsync(entry, value, Values, cancellation);
    }

    public async Task WriteTextAsync(string name, IAsyncEnumerable<string> parts, CancellationToken cancellation)
    {
        await using var entry = _zip.CreateEntry(name, CompressionLevel.Fastest).Open();
        await using var text = new StreamWriter(entry, new UTF8Encoding(false));
        await foreach (var part in parts.WithCancellation(cancellation))
        {
            await text.WriteAsync(part.AsMemory(), cancellation);
        }
    }

    /// <summary>As it is: pictures do not become smaller.</summary>
    public async Task CopyAsync(string name, string path, CancellationToken cancellation)
    {
        await using var entry = _zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
        await using var source = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 64 * 1024, FileOptions.Asynchronous | FileOptions.SequentialScan);
        await source.CopyToAsync(entry, 64 * 1024, cancellation);
    }

    public void Dispose() => _zip.Dispose();

    private static JsonSerializerOptions MakeOptions()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            WriteIndented = true,
            Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        };
        Json.Configure(options);
        return options;
    }
}
