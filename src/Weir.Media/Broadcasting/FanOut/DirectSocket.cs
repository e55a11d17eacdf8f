using System.Net.Sockets;

namespace Weir.Media.Broadcasting.FanOut;

/// <summary>A connection whose socket a session may write to itself once what it wrote to its pipe is in the kernel.</summary>
public sealed record DirectSocket(FanOut FanOut, Socket Socket);
