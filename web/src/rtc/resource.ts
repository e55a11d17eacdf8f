import { Problem, problemOf } from '../api/http';
import { iceOf, restartFragment, withIce } from './fragment';

/** Where to ask for a session: a WHIP or WHEP endpoint, and the bearer token where it is not in the address. */
export interface RtcTarget { url: string; token?: string }

const patienceMs = 8000;

/** A session's resource at the server (WHIP is RFC 9725, WHEP its sibling for watching), from POST to DELETE. */
export class RtcResource {
  private constructor(
    private readonly target: RtcTarget,
    private readonly location: string,
    private answer: string,
  ) {}

  /**
   * Offers what the connection wants and takes the server's answer. The offer carries no candidates of ours: the server stands at a
   * known address and learns ours from the checks, so nobody waits for them to be gathered.
   */
  static async open(connection: RTCPeerConnection, target: RtcTarget): Promise<RtcResource> {
    await connection.setLocalDescription(await connection.createOffer());
    const response = await send(target, target.url, 'POST', 'application/sdp', connection.localDescription!.sdp);
    const answer = await response.text();
    const location = response.headers.get('location');
    if (!location) throw new Problem(0, 'unexpected');
    const resource = new RtcResource(target, new URL(location, target.url).href, answer);
    try {
      await connection.setRemoteDescription({ type: 'answer', sdp: answer });
    } catch (reason) {
      await resource.close();
      throw reason;
    }
    return resource;
  }

  /** New credentials on both sides: the network changed. Throws a `Problem` of 404 when the server no longer has the session. */
  async restart(connection: RTCPeerConnection): Promise<void> {
    await connection.setLocalDescription(await connection.createOffer({ iceRestart: true }));
    const fragment = restartFragment(connection.localDescription!.sdp);
    const response = await send(this.target, this.location, 'PATCH', 'application/trickle-ice-sdpfrag', fragment, { 'If-Match': '*' });
    const ice = iceOf(await response.text());
    if (!ice) throw new Problem(0, 'unexpected');
    this.answer = withIce(this.answer, ice);
    await connection.setRemoteDescription({ type: 'answer', sdp: this.answer });
  }

  /** Whether another publisher took this one's place; false when the server has the session, or knows nothing of it any more. */
  async replaced(): Promise<boolean> {
    try {
      await send(this.target, this.location, 'GET');
    } catch (reason) {
      if (!(reason instanceof Problem) || (reason.status !== 404 && reason.status !== 410)) throw reason;
      return reason.status === 410;
    }
    return false;
  }

  /** Ends the session at the server; one that cannot be reached notices by itself within seconds. */
  async close(): Promise<void> {
    try {
      await send(this.target, this.location, 'DELETE');
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason;
    }
  }
}

async function send(target: RtcTarget, url: string, method: string, type?: string, body?: string, more?: Record<string, string>): Promise<Response> {
  const headers: Record<string, string> = { ...more };
  if (target.token) headers['Authorization'] = `Bearer ${target.token}`;
  if (type) headers['Content-Type'] = type;
  let response: Response;
  try {
    // `keepalive`: a page that closes still says goodbye.
    response = await fetch(url, { method, headers, body, credentials: 'omit', cache: 'no-store', keepalive: method === 'DELETE', signal: AbortSignal.timeout(patienceMs) });
  } catch (reason) {
    throw new Problem(0, reason instanceof DOMException && reason.name === 'TimeoutError' ? 'timeout' : 'offline');
  }
  if (response.ok) return response;
  throw problemOf(response.status, await response.text().catch(() => ''), (name) => response.headers.get(name));
}
