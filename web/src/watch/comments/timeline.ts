/** The comments of a replay in media-time order, and which of them a step of the playhead brings. */
export class CommentTimeline<T extends { id: string; at: number }> {
  #events: T[] = [];
  #ids = new Set<string>();

  get length(): number {
    return this.#events.length;
  }

  add(events: T[]): void {
    const fresh = events.filter((event) => !this.#ids.has(event.id));
    for (const event of fresh) this.#ids.add(event.id);
    this.#events.push(...fresh);
    this.#events.sort((a, b) => a.at - b.at);
  }

  remove(id: string): void {
    this.#events = this.#events.filter((event) => event.id !== id);
  }

  /** Said after `fromMs` and up to `toMs`. Empty when the playhead did not move forward. */
  between(fromMs: number, toMs: number): T[] {
    return toMs <= fromMs ? [] : this.#events.slice(this.#firstAfter(fromMs), this.#firstAfter(toMs));
  }

  /** The last `count` that had been said at this moment: what the list shows after a jump. */
  until(atMs: number, count: number): T[] {
    const end = this.#firstAfter(atMs);
    return this.#events.slice(Math.max(0, end - count), end);
  }

  #firstAfter(atMs: number): number {
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#events[middle]!.at <= atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
