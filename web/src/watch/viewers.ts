import * as api from '../api/calls';
import { Problem } from '../api/http';
import type { Viewers } from '../api/types';

const everyMs = 5000;

/** Asks who is watching after the number changed, at most every five seconds. */
export class ViewersReader {
  #last = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #over = false;

  constructor(
    private readonly id: string,
    private readonly on: (viewers: Viewers) => void,
  ) {}

  changed(): void {
    if (this.#timer !== undefined || this.#over) return;
    this.#timer = setTimeout(() => void this.#read(), Math.max(300, this.#last + everyMs - performance.now()));
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    this.#last = performance.now();
    try {
      const viewers = await api.viewers(this.id);
      if (!this.#over) this.on(viewers);
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason; // the number comes by the socket; the names with the next change
    }
    this.#timer = undefined;
  }
}
