/**
 * How old the picture on the screen is. Each `clock` event says at which wall time of the server a media time arrived there; the
 * difference between the two machines' clocks is taken from the quickest event so far, so the shortest way through the network is not counted.
 */
export class LatencyMeter {
  #offset = Infinity;
  #clock: { at: number; time: number } | null = null;

  heard(atMs: number, serverTime: number, clientTime: number): void {
    if (!Number.isFinite(serverTime)) return;
    this.#offset = Math.min(this.#offset, clientTime - serverTime);
    this.#clock = { at: atMs, time: serverTime };
  }

  /** Milliseconds, or null until the first clock event. `mediaMs`: media time of the frame on the screen. */
  read(mediaMs: number, clientTime: number): number | null {
    if (!this.#clock) return null;
    const shownAt = this.#clock.time + (mediaMs - this.#clock.at);
    return Math.max(0, Math.round(clientTime - this.#offset - shownAt));
  }

  /** The server's wall clock at a moment of ours, or null until the first clock event. */
  serverTime(clientTime: number): number | null {
    return this.#clock && clientTime - this.#offset;
  }

  /** Media time, ms, of a frame that the server received at this wall time: for outlets whose own clock starts elsewhere. */
  mediaTimeOf(serverTime: number): number | null {
    return this.#clock && Math.round(this.#clock.at + (serverTime - this.#clock.time));
  }
}
