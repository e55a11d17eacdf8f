import { Problem } from '../../api/http';
import { refusesSound } from '../../rtc/answer';
import { receivesH264 } from '../../rtc/h264';
import { RtcResource } from '../../rtc/resource';
import type { Outlet, OutletEvents } from './outlet';

/** The network may let neither UDP nor the port in TCP through: so long a way is looked for before the WebSocket is used instead. */
const wayPatienceMs = 3000;
/** Where there is a way, keys are agreed on as fast as the slower machine can. */
const keysPatienceMs = 8000;
const lookEveryMs = 1000;

/** The picture by WebRTC (WHEP): about as old as the network's way, for broadcasts that are a conversation. */
export class WhepOutlet implements Outlet {
  readonly transport = 'whep';
  readonly #connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  #resource: RtcResource | null = null;
  #patience: ReturnType<typeof setTimeout> | undefined;
  readonly #looks: ReturnType<typeof setInterval>;
  #restarted = false;
  #over = false;
  /** Age of the picture on the screen, as far as the receiver knows: half a round trip and what it keeps against unevenness. */
  #delayMs = 150;

  /** @param serverNow the server's wall clock, once it is known. */
  constructor(
    private readonly video: HTMLVideoElement,
    url: string,
    private readonly on: OutletEvents,
    private readonly serverNow: () => number | null,
  ) {
    const stream = new MediaStream();
    this.#connection.ontrack = ({ track }) => stream.addTrack(track);
    this.#connection.onconnectionstatechange = () => this.#changed();
    this.#connection.oniceconnectionstatechange = () => this.#wayChanged();
    this.#connection.addTransceiver('video', { direction: 'recvonly' });
    this.#connection.addTransceiver('audio', { direction: 'recvonly' });
    video.srcObject = stream;
    this.#looks = setInterval(() => void this.#look(), lookEveryMs);
    void this.#open(url);
  }

  static get supported(): boolean {
    return typeof RTCPeerConnection === 'function' && receivesH264();
  }

  stop(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#patience);
    clearInterval(this.#looks);
    this.#connection.onconnectionstatechange = null;
    this.#connection.oniceconnectionstatechange = null;
    this.#connection.close();
    this.video.srcObject = null;
    void this.#resource?.close();
  }

  mediaTime(): number {
    return Math.round(this.video.currentTime * 1000);
  }

  playingDate(): number | null {
    const now = this.serverNow();
    return now === null ? null : now - this.#delayMs;
  }

  ahead(): number {
    return this.#delayMs / 1000;
  }

  /** There is nothing but the edge: who paused goes on there. */
  atLive(): boolean {
    return !this.video.paused;
  }

  toLive(): void {
    // Playing again is the edge.
  }

  hold(): void {
    // Nothing pulls.
  }

  async #open(url: string): Promise<void> {
    try {
      const resource = await RtcResource.open(this.#connection, { url });
      if (this.#over) {
        await resource.close();
        return;
      }
      this.#resource = resource;
      // There is sound, and this server cannot make it fit at the moment: another outlet has it.
      if (refusesSound(this.#connection.remoteDescription?.sdp ?? '')) this.#fail('codec');
      else this.#waitFor(wayPatienceMs);
    } catch (reason) {
      if (this.#over) return;
      if (reason instanceof Problem && reason.status === 404) {
        this.stop();
        this.on.refused();
      } else if (reason instanceof Problem || reason instanceof DOMException) {
        // 406 and its like: this broadcast has no form that WebRTC carries.
        this.#fail(reason instanceof Problem && reason.status > 0 ? 'codec' : 'network');
      } else {
        throw reason;
      }
    }
  }

  /** Until it is connected; the answer to the offer has its own limit. */
  #waitFor(patienceMs: number): void {
    if (this.#over || this.#connection.connectionState === 'connected') return;
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#fail('network'), patienceMs);
  }

  #wayChanged(): void {
    const way = this.#connection.iceConnectionState;
    if (way === 'connected' || way === 'completed') this.#waitFor(keysPatienceMs);
  }

  #changed(): void {
    switch (this.#connection.connectionState) {
      case 'connected':
        clearTimeout(this.#patience);
        this.#restarted = false;
        break;
      case 'disconnected':
        clearTimeout(this.#patience);
        this.#patience = setTimeout(() => void this.#restart(), 800);
        break;
      case 'failed':
        this.#fail('network');
        break;
    }
  }

  /** Another network, perhaps: once a new way is looked for, then another outlet may know one. */
  async #restart(): Promise<void> {
    if (this.#over || this.#restarted || !this.#resource) {
      this.#fail('network');
      return;
    }
    this.#restarted = true;
    try {
      await this.#resource.restart(this.#connection);
      this.#waitFor(wayPatienceMs);
    } catch (reason) {
      if (!(reason instanceof Problem) && !(reason instanceof DOMException)) throw reason;
      this.#fail('network');
    }
  }

  async #look(): Promise<void> {
    if (this.#connection.connectionState !== 'connected') return;
    const report = await this.#connection.getStats();
    let kept = 0;
    let roundTrip = 0;
    report.forEach((entry: Record<string, unknown>) => {
      if (entry.type === 'inbound-rtp' && entry.kind === 'video') {
        kept = (Number(entry.jitterBufferDelay ?? 0) / Math.max(Number(entry.jitterBufferEmittedCount ?? 0), 1)) * 1000;
      } else if (entry.type === 'candidate-pair' && entry.nominated === true) {
        roundTrip = Number(entry.currentRoundTripTime ?? 0) * 1000;
      }
    });
    this.#delayMs = Math.round(kept + roundTrip / 2);
  }

  #fail(why: 'codec' | 'network'): void {
    if (this.#over) return;
    this.stop();
    this.on.failed(why);
  }
}
