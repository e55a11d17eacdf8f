import { LiveEdge } from './live-edge';
import { MediaBuffer } from './media-buffer';
import { aheadOf, type Outlet, type OutletEvents } from './outlet';

const tickMs = 100;
/** Nothing moves although there is data: the decoder needs a push. */
const stuckMs = 1500;

/** The picture from the watch socket: fragments into a MediaBuffer, held at the live edge. */
export class WsOutlet implements Outlet {
  readonly transport = 'ws';
  readonly #edge = new LiveEdge();
  #buffer: MediaBuffer;
  #started = false;
  #held = false;
  #rebuilt = false;
  #mime: string | null = null;
  #lastTime = -1;
  #movedAt = 0;
  #dryAt = -Infinity;
  #timer: ReturnType<typeof setInterval>;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly on: OutletEvents & { overflow(): void },
  ) {
    this.#buffer = this.#make();
    this.#timer = setInterval(() => this.#tick(), tickMs);
    video.addEventListener('waiting', this.#dry);
    video.addEventListener('error', this.#error);
  }

  hello(mime: string | null, fresh: boolean): void {
    if (fresh) {
      this.#buffer.restart();
      this.#edge.restart();
    }
    if (mime) {
      if (!this.#buffer.takes(mime)) this.#replaceBuffer();
      this.#mime = mime;
      this.#buffer.expect(mime);
    }
  }

  media(data: ArrayBuffer): void {
    this.#buffer.push(data);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.video.removeEventListener('waiting', this.#dry);
    this.video.removeEventListener('error', this.#error);
    this.video.playbackRate = 1;
    this.#buffer.close();
  }

  mediaTime(): number {
    return Math.round(this.video.currentTime * 1000);
  }

  playingDate(): number | null {
    return null;
  }

  ahead(): number {
    return aheadOf(this.video);
  }

  atLive(): boolean {
    const range = this.#buffer.range;
    return !this.#held && (!range || range.end - this.video.currentTime < 4);
  }

  hold(held: boolean): void {
    this.#held = held;
  }

  toLive(): void {
    this.#held = false;
    const range = this.#buffer.range;
    if (range) this.video.currentTime = this.#edge.begin(performance.now(), range.start, range.end);
  }

  #make(): MediaBuffer {
    return new MediaBuffer(this.video, {
      appended: () => this.#appended(),
      overflow: () => this.on.overflow(),
      failed: (why) => (why === 'codec' ? this.on.failed('codec') : this.#decodeFailed()),
    });
  }

  #appended(): void {
    const range = this.#buffer.range;
    if (!range) return;
    const now = performance.now();
    this.#edge.arrived(now, range.end);
    // Dry for a moment is the network's unevenness; for longer it was an outage, which more buffer would not have helped.
    if (now - this.#dryAt < 2000) this.#edge.stalled();
    this.#dryAt = -Infinity;
    if (!this.#started) {
      this.#started = true;
      this.video.currentTime = this.#edge.begin(now, range.start, range.end);
      this.#movedAt = now;
    }
    this.#tick();
  }

  #tick(): void {
    const range = this.#buffer.range;
    if (!this.#started || !range) return;
    const { video } = this;
    const now = performance.now();
    // After an interruption the new data may begin behind a hole, which playback would wait at for ever.
    if (!this.#held && video.currentTime < range.start && aheadOf(video) < 0.05) {
      video.currentTime = this.#edge.begin(now, range.start, range.end);
      return;
    }
    if (video.paused && video.currentTime < range.end - 60) this.#held = true;
    const advice = this.#edge.update({ now, currentTime: video.currentTime, end: range.end, held: this.#held || video.paused });
    // One jump at a time: each that comes while another is under way throws away what the decoder has begun. WebKit's never ends then, because
    // the first burst's fragments ask for one each.
    if (advice.seek !== null && !(video.seeking && aheadOf(video) > 0)) video.currentTime = Math.max(advice.seek, range.start);
    if (video.playbackRate !== advice.rate) video.playbackRate = advice.rate;
    this.#nudge(now, range);
  }

  #nudge(now: number, range: { start: number; end: number }): void {
    const { video } = this;
    if (video.currentTime !== this.#lastTime || video.paused || range.end - video.currentTime < 0.3) {
      this.#lastTime = video.currentTime;
      this.#movedAt = now;
      return;
    }
    if (now - this.#movedAt < stuckMs) return;
    this.#movedAt = now;
    video.currentTime = Math.max(range.start, Math.min(video.currentTime + 0.1, range.end - 0.05));
  }

  readonly #dry = () => {
    if (this.#started && !this.video.paused && !this.video.seeking && aheadOf(this.video) < 0.1) this.#dryAt = performance.now();
  };

  readonly #error = () => {
    if (this.video.error) this.#decodeFailed();
  };

  /** Once a new MediaSource and a new connection may heal it (a decoder that the system took away); twice it is the stream. */
  #decodeFailed(): void {
    if (this.#rebuilt) {
      this.on.failed('decode');
      return;
    }
    this.#rebuilt = true;
    this.#replaceBuffer();
    if (this.#mime) this.#buffer.expect(this.#mime);
    this.on.overflow();
  }

  /** Goes on in a new MediaSource, at the live edge; who paused stays so. */
  #replaceBuffer(): void {
    const playing = !this.video.paused;
    this.#buffer.close();
    this.#started = false;
    this.#edge.restart();
    this.#buffer = this.#make();
    // Refused where sound needs a tap: the page asks for it when the picture is there.
    if (playing) void this.video.play().catch(() => undefined);
  }
}
