/** Waits between attempts: the first almost at once, then doubling to a cap, spread out so that many viewers do not come together. */
export class Backoff {
  #attempt = 0;

  constructor(
    private readonly random: () => number = Math.random,
    private readonly firstMs = 100,
    private readonly capMs = 5000,
  ) {}

  get attempts(): number {
    return this.#attempt;
  }

  next(): number {
    const attempt = this.#attempt++;
    if (attempt === 0) return this.firstMs;
    const ceiling = Math.min(this.firstMs * 2 ** (attempt + 1), this.capMs);
    return Math.round(ceiling * (0.5 + this.random() * 0.5));
  }

  reset(): void {
    this.#attempt = 0;
  }
}
