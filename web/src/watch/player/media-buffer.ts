import { AppendQueue } from './append-queue';
import { sameKinds } from './boxes';

interface ManagedMediaSourceGlobal { ManagedMediaSource?: typeof MediaSource }

/** MediaSource, or ManagedMediaSource where only that exists (iPhones). */
export function mediaSourceClass(): typeof MediaSource | null {
  const managed = (globalThis as ManagedMediaSourceGlobal).ManagedMediaSource;
  return globalThis.MediaSource ?? managed ?? null;
}

/** A MediaSource with one SourceBuffer for picture and sound together, as long as the stream has the same kinds of track. */
export class MediaBuffer {
  readonly #source: MediaSource;
  readonly #url: string;
  #buffer: SourceBuffer | null = null;
  #queue: AppendQueue | null = null;
  #mime: string | null = null;
  #waiting: ArrayBuffer[] = [];
  #closed = false;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly on: { appended(): void; overflow(): void; failed(why: 'codec' | 'decode'): void },
  ) {
    const Source = mediaSourceClass()!;
    this.#source = new Source();
    // ManagedMediaSource plays only when no remote playback is offered.
    video.disableRemotePlayback = true;
    this.#url = URL.createObjectURL(this.#source);
    this.#source.addEventListener('sourceopen', () => this.#open(), { once: true });
    video.src = this.#url;
  }

  /**
   * Whether this type can follow what was expected before. A SourceBuffer keeps the tracks of its first init segment (MSE 3.5.8):
   * where sound ended, what is buffered would end with the sound. Another set of tracks needs another MediaSource.
   */
  takes(mime: string): boolean {
    return this.#mime === null || this.#mime === mime || (sameKinds(this.#mime, mime) && (!this.#buffer || 'changeType' in this.#buffer));
  }

  /** Called with each hello whose type it takes: creates the buffer, or changes its type when the codecs changed. */
  expect(mime: string): void {
    if (this.#mime === mime) return;
    if (!mediaSourceClass()!.isTypeSupported(mime)) {
      this.on.failed('codec');
      return;
    }
    this.#mime = mime;
    if (this.#queue) this.#queue.changeType(mime);
    else this.#open();
  }

  push(data: ArrayBuffer): void {
    if (this.#closed) return;
    if (!this.#queue) {
      this.#waiting.push(data); // the source opens within a task or two; the socket is only just connected
      return;
    }
    this.#guard(() => this.#queue!.push(data));
  }

  /** Forgets what waits: a new connection begins with an init segment and a keyframe. */
  restart(): void {
    this.#queue?.clear();
    this.#waiting = [];
  }

  get range(): { start: number; end: number } | null {
    const ranges = this.#buffer && !this.#closed && this.#source.readyState === 'open' ? this.#buffer.buffered : null;
    return ranges && ranges.length > 0 ? { start: ranges.start(ranges.length - 1), end: ranges.end(ranges.length - 1) } : null;
  }

  close(): void {
    this.#closed = true;
    this.#queue?.clear();
    this.#waiting = [];
    URL.revokeObjectURL(this.#url);
    if (this.video.src === this.#url) {
      this.video.removeAttribute('src');
      this.video.load();
    }
  }

  #open(): void {
    if (this.#queue || this.#closed || !this.#mime || this.#source.readyState !== 'open') return;
    this.#guard(() => {
      const buffer = this.#source.addSourceBuffer(this.#mime!);
      this.#buffer = buffer;
      this.#queue = new AppendQueue(buffer, () => this.video.currentTime, () => this.on.overflow());
      buffer.addEventListener('updateend', () => {
        if (this.#closed) return;
        this.on.appended();
        this.#guard(() => this.#queue!.pump());
      });
      buffer.addEventListener('error', () => {
        if (!this.#closed) this.on.failed('decode');
      });
      for (const data of this.#waiting.splice(0)) this.#queue.push(data);
    });
  }

  /** The browser throws when a decoder died under the buffer: that is the peer's data, not our bug. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (reason) {
      if (!(reason instanceof DOMException)) throw reason;
      if (!this.#closed) this.on.failed('decode');
    }
  }
}
