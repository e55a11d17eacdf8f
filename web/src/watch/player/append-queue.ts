import { join, sniff } from './boxes';

/** The part of SourceBuffer that the queue needs. */
export interface Sink {
  readonly updating: boolean;
  readonly buffered: { readonly length: number; start(index: number): number; end(index: number): number };
  appendBuffer(data: ArrayBuffer): void;
  remove(start: number, end: number): void;
  changeType?(mime: string): void;
}

export interface QueueLimits {
  /** Bytes that may wait. Above it the reader is told to start afresh: nothing here grows without end. */
  maxBytes: number;
  /** Seconds kept behind the playhead for looking back. */
  keepBehind: number;
  /** Seconds kept in all, for somebody who paused. */
  keepAll: number;
}

export const limits: QueueLimits = { maxBytes: 24 << 20, keepBehind: 30, keepAll: 60 };

type Item = { kind: 'media'; data: ArrayBuffer } | { kind: 'type'; mime: string };

/**
 * Feeds one SourceBuffer in order: appends when it is idle, several fragments at once, and takes off what lies far behind.
 * The owner calls {@link pump} on every `updateend`.
 */
export class AppendQueue {
  #items: Item[] = [];
  #bytes = 0;
  #inFlight: ArrayBuffer | null = null;

  constructor(
    private readonly sink: Sink,
    private readonly playhead: () => number,
    private readonly onOverflow: () => void,
    private readonly bounds: QueueLimits = limits,
  ) {}

  get bytes(): number {
    return this.#bytes;
  }

  push(data: ArrayBuffer): void {
    if (this.#bytes + data.byteLength > this.bounds.maxBytes) {
      this.clear();
      this.onOverflow();
      return;
    }
    this.#items.push({ kind: 'media', data });
    this.#bytes += data.byteLength;
    this.pump();
  }

  changeType(mime: string): void {
    this.#items.push({ kind: 'type', mime });
    this.pump();
  }

  clear(): void {
    this.#items = [];
    this.#bytes = 0;
  }

  pump(): void {
    if (this.sink.updating) return;
    this.#inFlight = null;
    if (this.#evict(this.bounds.keepBehind, 5)) return;
    const first = this.#items[0];
    if (!first) return;
    if (first.kind === 'type') {
      this.#items.shift();
      this.sink.changeType?.(first.mime);
      this.pump();
      return;
    }
    this.#append(this.#takeRun());
  }

  /** As many fragments as wait in a row. An init segment starts an append of its own. */
  #takeRun(): ArrayBuffer {
    const run: ArrayBuffer[] = [];
    for (const item of this.#items) {
      if (item.kind === 'type' || (run.length > 0 && sniff(item.data) === 'init')) break;
      run.push(item.data);
    }
    this.#items.splice(0, run.length);
    this.#bytes -= run.reduce((sum, piece) => sum + piece.byteLength, 0);
    return join(run);
  }

  #append(data: ArrayBuffer): void {
    try {
      this.sink.appendBuffer(data);
      this.#inFlight = data;
    } catch (reason) {
      if ((reason as { name?: string }).name !== 'QuotaExceededError') throw reason;
      // The browser's own limit: make room and try this piece again; with nothing left to take off, start afresh.
      if (this.#evict(2, 0)) {
        this.#items.unshift({ kind: 'media', data });
        this.#bytes += data.byteLength;
      } else {
        this.clear();
        this.onOverflow();
      }
    }
  }

  /** Takes off what is more than `behind` seconds before the playhead. `slack` avoids a removal for every fragment. */
  #evict(behind: number, slack: number): boolean {
    const { buffered } = this.sink;
    if (buffered.length === 0) return false;
    const start = buffered.start(0);
    const end = buffered.end(buffered.length - 1);
    const until = Math.max(this.playhead() - behind, end - this.bounds.keepAll);
    if (until - start <= slack) return false;
    this.sink.remove(start, until);
    return true;
  }

  get idle(): boolean {
    return this.#items.length === 0 && this.#inFlight === null;
  }
}
