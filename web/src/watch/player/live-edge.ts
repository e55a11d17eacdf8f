export interface Reading {
  /** Monotonic, milliseconds. */
  now: number;
  currentTime: number;
  /** The end of what is buffered, seconds. */
  end: number;
  /** Somebody paused or sought back: they decide, not the controller. */
  held: boolean;
}

export interface Advice {
  rate: number;
  /** Where to jump, in seconds; null almost always. */
  seek: number | null;
}

export const tuning = {
  minTarget: 0.25,
  startTarget: 0.3,
  maxTarget: 2,
  deadband: 0.06,
  slowest: 0.92,
  fastest: 1.08,
  /** Only further behind than this a jump is better than catching up. */
  jumpBehind: 4,
  /** For this long after the first data a jump is part of starting and not noticed. */
  startWindowMs: 1000,
  startSlack: 0.25,
} as const;

/**
 * Holds playback a fraction of a second behind the newest data, by speed changes too small to hear. How far behind depends on how
 * unevenly the data comes: one who has a steady network sees the picture sooner. Pure: it reads no clock and touches no element.
 */
export class LiveEdge {
  #target: number = tuning.startTarget;
  #jitter = 0;
  #distance: number | null = null;
  #lastArrival: { now: number; end: number } | null = null;
  #lastUpdate = 0;
  #startedAt: number | null = null;
  #rate = 1;

  /** Seconds behind the end of the buffer that it aims at. */
  get target(): number {
    return this.#target;
  }

  /** New data was appended: learn how late it was, against the media time it brought. */
  arrived(now: number, end: number): void {
    const last = this.#lastArrival;
    if (last && end > last.end) {
      const late = (now - last.now) / 1000 - (end - last.end);
      // After two seconds it was an outage, which says nothing about the usual unevenness.
      if (late < 2) this.#jitter = Math.max(this.#jitter * 0.985, late);
    }
    if (!last || end > last.end) this.#lastArrival = { now, end };
  }

  /** Playback ran dry: keep more from now on, and forget it slowly. */
  stalled(): void {
    this.#target = Math.min(this.#target + 0.2, tuning.maxTarget);
    this.#distance = null;
  }

  /** The timeline begins anew (a new connection, a new buffer). */
  restart(): void {
    this.#lastArrival = null;
    this.#distance = null;
    this.#startedAt = null;
  }

  /** Where to begin when the first data is there: near its end, but never before its start. */
  begin(now: number, start: number, end: number): number {
    this.#startedAt = now;
    this.#distance = null;
    return Math.max(start, end - this.#target);
  }

  update(reading: Reading): Advice {
    const behind = reading.end - reading.currentTime;
    const elapsed = Math.min(Math.max(reading.now - this.#lastUpdate, 0), 1000);
    this.#lastUpdate = reading.now;
    if (reading.held || !Number.isFinite(behind)) {
      this.#distance = null;
      this.#rate = 1;
      return { rate: 1, seek: null };
    }

    // Drift towards what the network needs: up at once, down by 2 cs a second.
    const wanted = Math.min(Math.max(0.2 + this.#jitter * 1.3, tuning.minTarget), tuning.maxTarget);
    this.#target = Math.max(wanted, this.#target - (0.02 * elapsed) / 1000);

    const starting = this.#startedAt !== null && reading.now - this.#startedAt < tuning.startWindowMs;
    const jumpAt = starting ? this.#target + tuning.startSlack : tuning.jumpBehind;
    if (behind > Math.max(jumpAt, this.#target + tuning.startSlack)) {
      this.#distance = null;
      this.#rate = 1;
      return { rate: 1, seek: reading.end - this.#target };
    }

    // The distance saws up and down with each fragment; its mean is what counts.
    const weight = 1 - Math.exp(-elapsed / 600);
    this.#distance = this.#distance === null ? behind : this.#distance + (behind - this.#distance) * weight;
    this.#rate = rateFor(this.#distance - this.#target, this.#rate);
    return { rate: this.#rate, seek: null };
  }
}

/** Steps of one percent; a wider band to begin a correction than to end it, so that it does not flutter. */
function rateFor(error: number, before: number): number {
  const band = before === 1 ? tuning.deadband : tuning.deadband / 3;
  if (Math.abs(error) < band) return 1;
  const wanted = 1 + error * (error > 0 ? 0.15 : 0.3);
  return Math.round(Math.min(Math.max(wanted, tuning.slowest), tuning.fastest) * 100) / 100;
}
