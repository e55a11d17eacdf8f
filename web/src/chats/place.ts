const nearPx = 60;

/**
 * Where the reader is in a list that grows at both ends: at the end, and then they stay there; or at some line, and then that line stays where it is on the screen, whatever
 * is loaded above, trimmed, or changes its height. (The browser's own scroll anchoring is not everywhere, and does nothing at the very top.)
 */
export class Place {
  stuck = true;
  #anchor: { element: HTMLElement; top: number } | null = null;
  #observer: ResizeObserver;

  /** @param isEnd Whether nothing follows what is loaded: at the bottom of anything else one waits for what comes next, and keeps one's line. */
  constructor(private readonly box: HTMLElement, private readonly content: HTMLElement, private readonly isEnd: () => boolean, private readonly onmove: () => void) {
    this.#observer = new ResizeObserver(() => {
      this.restore();
      onmove();
    });
    this.#observer.observe(box);
    this.#observer.observe(content);
  }

  end(): void {
    this.#observer.disconnect();
  }

  /** The reader scrolled. */
  moved(): void {
    // Whoever was at the end stays there although something newer is on its way.
    this.stuck = (this.stuck || this.isEnd()) && this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < nearPx;
    this.#hold();
    this.onmove();
  }

  restore(): void {
    if (this.stuck) {
      this.box.scrollTop = this.box.scrollHeight;
      return;
    }
    if (!this.#anchor?.element.isConnected) return this.#hold();
    const off = this.#anchor.element.getBoundingClientRect().top - this.box.getBoundingClientRect().top - this.#anchor.top;
    if (Math.abs(off) >= 1) this.box.scrollTop += off;
  }

  toEnd(smooth = false): void {
    this.stuck = true;
    this.box.scrollTo({ top: this.box.scrollHeight, behavior: smooth ? 'smooth' : 'auto' });
  }

  /** Puts a line at this share of the height, 0 being the top. */
  to(element: HTMLElement, share: number): void {
    this.stuck = false;
    const { top } = element.getBoundingClientRect();
    this.box.scrollTop += top - this.box.getBoundingClientRect().top - this.box.clientHeight * share;
    this.#hold();
  }

  /** The last line that begins above the lower edge. */
  lastSeen(): HTMLElement | undefined {
    const bottom = this.box.getBoundingClientRect().bottom - 12;
    return this.#rows().findLast((row) => row.getBoundingClientRect().top < bottom);
  }

  /** The line of this number is on the screen. */
  shows(seq: number): boolean {
    const row = this.content.querySelector(`[data-seq="${seq}"]`);
    if (!row) return false;
    const [line, box] = [row.getBoundingClientRect(), this.box.getBoundingClientRect()];
    return line.bottom > box.top && line.top < box.bottom;
  }

  #hold(): void {
    const edge = this.box.getBoundingClientRect().top;
    const element = this.#rows().find((row) => row.getBoundingClientRect().bottom > edge);
    this.#anchor = element ? { element, top: element.getBoundingClientRect().top - edge } : null;
  }

  #rows(): HTMLElement[] {
    return [...this.content.querySelectorAll<HTMLElement>('[data-seq]')];
  }
}
