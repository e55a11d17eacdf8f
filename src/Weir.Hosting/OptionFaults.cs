using Weir.Hosting.Tls;

namespace Weir.Hosting;

/// <summary>Collects every fault of a process's options, so that one start names them all instead of one a start.</summary>
public sealed class OptionFaults
{
    private readonly List<string> _faults = [];

    public IReadOnlyList<string> All => _faults;

    /// <summary>Adds "<paramref name="option"/> <paramref name="fault"/>" unless <paramref name="right"/>.</summary>
    public OptionFaults Require(bool right, string option, string fault)
    {
        if (!right)
        {
            _faults.Add($"{option} {fault}");
        }

        return this;
    }

    /// <summary>A TCP or UDP port; 0 asks the system for a free one.</summary>
    public OptionFaults Port(int port, string option) =>
        Require(port is >= 0 and <= 65535, option, $"must be between 0 and 65535, not {port}.");

    /// <summary>
    /// Scheme, host and perhaps port, of one of two <paramref name="schemes"/>; null is right. A path is refused: pages, cookies and the
    /// addresses in them begin at the root, so a site below one could not work.
    /// </summary>
    public OptionFaults Url(Uri? url, string option, params string[] schemes) => Require(
        url is null || (url.IsAbsoluteUri && schemes.Contains(url.Scheme) && url.Host.Length > 0 && url.Host.All(char.IsAscii)
            && url.AbsolutePath is "" or "/" && url.UserInfo.Length == 0 && url.Query.Length == 0 && url.Fragment.Length == 0),
        option,
        $"must be {schemes[0]}:// or {schemes[^1]}:// with a host and nothing after it but a port, not '{url}'.");

    /// <summary>Networks as address/prefix.</summary>
    public OptionFaults Networks(IEnumerable<string> networks, string option)
    {
        foreach (var network in networks)
        {
            Require(System.Net.IPNetwork.TryParse(network, out _), option, $"'{network}' is not address/prefix.");
        }

        return this;
    }

    /// <summary>A certificate and key that can be used now; null is right.</summary>
    public OptionFaults Tls(TlsFiles? files) => files?.Fault(TimeProvider.System) is { } fault ? Require(false, "--tls", fault) : this;

    /// <exception cref="InvalidOptionsException">At least one fault was found.</exception>
    public void ThrowIfAny()
    {
        if (_faults.Count > 0)
        {
            throw new InvalidOptionsException(_faults);
        }
    }
}

/// <summary>The process cannot start with these options. The message lists every fault, one a line.</summary>
public sealed class InvalidOptionsException(IReadOnlyList<string> faults) : Exception(string.Join(Environment.NewLine, faults))
{
    public IReadOnlyList<string> Faults { get; } = faults;
}
