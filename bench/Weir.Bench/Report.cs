using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Weir.Bench;

/// <summary>A column of a result table; numbers are shown by the format and kept whole in the JSON.</summary>
internal sealed record Column(string Name, string Format = "0.#");

internal sealed record ResultTable(string Title, IReadOnlyList<Column> Columns, IReadOnlyList<object?[]> Rows);

/// <summary>What a benchmark found: one sentence on what was measured, tables, and remarks a reader needs to judge them.</summary>
internal sealed record Report(string Name, string Measures, IReadOnlyList<ResultTable> Tables, IReadOnlyList<string> Remarks)
{
    private const int TableWidth = 140;

    public void Print()
    {
        // Cells cut short are worse than lines that a narrow terminal wraps.
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, TableWidth);
        foreach (var table in Tables)
        {
            var shown = new Table { Title = new TableTitle(Markup.Escape(table.Title)), Border = TableBorder.Rounded };
            for (var i = 0; i < table.Columns.Count; i++)
            {
                var column = new TableColumn(Markup.Escape(table.Columns[i].Name)) { NoWrap = true };
                shown.AddColumn(table.Rows.Any(row => row[i] is double or int or long) ? column.RightAligned() : column);
            }

            foreach (var row in table.Rows)
            {
                shown.AddRow(row.Select((cell, i) => Markup.Escape(Text(cell, table.Columns[i].Format))).ToArray());
            }

            AnsiConsole.Write(shown);
        }

        foreach (var remark in Remarks)
        {
            AnsiConsole.WriteLine($"- {remark}");
        }
    }

    public string ToJson()
    {
        var tables = new JsonArray();
        foreach (var table in Tables)
        {
            var rows = new JsonArray();
            foreach (var row in table.Rows)
            {
                var entry = new JsonObject();
                for (var i = 0; i < row.Length; i++)
                {
                    entry[table.Columns[i].Name] = row[i] is double number && !double.IsFinite(number) ? null : JsonSerializer.SerializeToNode(row[i]);
                }

                rows.Add(entry);
            }

            tables.Add(new JsonObject { ["title"] = table.Title, ["rows"] = rows });
        }

        var report = new JsonObject
        {
            ["name"] = Name,
            ["measures"] = Measures,
            ["machine"] = new JsonObject
            {
                ["cores"] = Environment.ProcessorCount,
                ["os"] = RuntimeInformation.OSDescription,
                ["runtime"] = RuntimeInformation.FrameworkDescription,
            },
            ["tables"] = tables,
            ["remarks"] = new JsonArray(Remarks.Select(remark => (JsonNode)remark).ToArray()),
        };
        return report.ToJsonString(new JsonSerializerOptions { WriteIndented = true });
    }

    private static string Text(object? cell, string format) => cell switch
    {
        null => "–",
        double number when !double.IsFinite(number) => "–",
        IFormattable number and (double or int or long) => number.ToString(format, CultureInfo.InvariantCulture),
        _ => cell.ToString() ?? "",
    };
}
