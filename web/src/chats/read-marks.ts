/** After one was told the next waits so long: what is read meanwhile is told together, not a call for each message of a busy group. */
const restMs = 400;

/** Tells the server how far somebody has read: at once, and what follows soon after in one call. */
export class ReadMarks {
  #newest = new Map<string, number>();

  constructor(
    private readonly tell: (conversation: string, seq: number) => Promise<void>,
    private readonly rest = (ms: number) => new Promise<void>((done) => setTimeout(done, ms)),
  ) {}

  /** Everything from `known` to `seq` was read. Where telling fails, `failed` hears how far the server knows, and this throws why. */
  async add(conversation: string, known: number, seq: number, failed: (known: number) => void): Promise<void> {
    const before = this.#newest.get(conversation);
    this.#newest.set(conversation, Math.max(before ?? 0, seq));
    if (before !== undefined) return;
    let told = known;
    try {
      for (let next = this.#newest.get(conversation)!; next > told; next = this.#newest.get(conversation)!) {
        await this.tell(conversation, next);
        told = next;
        await this.rest(restMs);
      }
    } catch (reason) {
      failed(told);
      throw reason;
    } finally {
      this.#newest.delete(conversation);
    }
  }
}
