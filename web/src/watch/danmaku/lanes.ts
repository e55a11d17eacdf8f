/** A comment that flies over the picture from right to left. Times in milliseconds, widths in pixels. */
export interface Flight { lane: number; startsAt: number; durationMs: number }

/**
 * Gives each comment a lane in which it runs into no other. Every comment takes the same time for its way, so a longer one is faster;
 * it may follow only when the one before has entered whole and will have left before it is caught.
 */
export class Lanes {
  #lanes: ({ startsAt: number; width: number } | null)[] = [];

  constructor(
    private readonly durationMs = 8000,
    private readonly gap = 24,
  ) {}

  /** The number of lanes and the width of the picture: what flies already keeps flying. */
  resize(lanes: number): void {
    this.#lanes.length = Math.min(this.#lanes.length, lanes);
    while (this.#lanes.length < lanes) this.#lanes.push(null);
  }

  clear(): void {
    this.#lanes.fill(null);
  }

  /** Null when all lanes are taken: the comment is in the list anyway, so it is left out here. */
  place(now: number, width: number, pictureWidth: number): Flight | null {
    for (const [lane, last] of this.#lanes.entries()) {
      if (last && !this.#free(last, now, width, pictureWidth)) continue;
      this.#lanes[lane] = { startsAt: now, width };
      return { lane, startsAt: now, durationMs: this.durationMs };
    }
    return null;
  }

  #free(last: { startsAt: number; width: number }, now: number, width: number, pictureWidth: number): boolean {
    const speedBefore = (pictureWidth + last.width) / this.durationMs;
    const travelled = (now - last.startsAt) * speedBefore;
    if (travelled < last.width + this.gap) return false;
    const leavesAt = last.startsAt + this.durationMs;
    const speed = (pictureWidth + width) / this.durationMs;
    // Where the head of the new one is when the tail of the old one leaves at the left edge.
    return (leavesAt - now) * speed <= pictureWidth - this.gap;
  }
}
