import type Hls from 'hls.js';
import { aheadOf, type Outlet, type OutletEvents } from './outlet';

/** A MediaSource whose tracks change is made anew, as often as they do; what fails again sooner than this is the stream's own fault. */
const recoverAgainMs = 10_000;

export interface HlsSource { url: string; live: boolean; startAt?: number }

/** The picture by hls.js, which is loaded only when it is needed. For live it plays low-latency parts. */
export async function startHls(video: HTMLVideoElement, source: HlsSource, on: OutletEvents): Promise<Outlet | null> {
  const { default: HlsJs } = await import('hls.js');
  if (!HlsJs.isSupported()) return null;
  const hls = new HlsJs({
    lowLatencyMode: source.live,
    backBufferLength: 30,
    maxLiveSyncPlaybackRate: source.live ? 1.08 : 1,
    startPosition: source.startAt ?? -1,
    // One clear refusal must not be asked again and again: a new ticket settles it.
    manifestLoadPolicy: policy(),
    playlistLoadPolicy: policy(),
  });
  // No recovery helps against these.
  const { MANIFEST_INCOMPATIBLE_CODECS_ERROR, BUFFER_INCOMPATIBLE_CODECS_ERROR, BUFFER_ADD_CODEC_ERROR } = HlsJs.ErrorDetails;
  const codecFaults: string[] = [MANIFEST_INCOMPATIBLE_CODECS_ERROR, BUFFER_INCOMPATIBLE_CODECS_ERROR, BUFFER_ADD_CODEC_ERROR];
  let recoveredAt = -Infinity;
  hls.on(HlsJs.Events.ERROR, (_, data) => {
    if (!data.fatal) return;
    const now = performance.now();
    if (data.response?.code === 404) on.refused();
    else if (data.type === HlsJs.ErrorTypes.NETWORK_ERROR) on.failed('network');
    else if (codecFaults.includes(data.details)) on.failed('codec');
    else if (data.type === HlsJs.ErrorTypes.MEDIA_ERROR && now - recoveredAt > recoverAgainMs) {
      recoveredAt = now;
      hls.recoverMediaError();
    } else on.failed('decode');
  });
  // The sound is offered alone as well. hls.js would play that where it cannot play the picture, and nobody would know why it is dark.
  hls.on(HlsJs.Events.MANIFEST_LOADED, (_, { levels }) => {
    if (hls.levels.length > 0 && withPicture(levels) && !withPicture(hls.levels)) on.failed('codec');
  });
  hls.loadSource(source.url);
  hls.attachMedia(video);
  return new HlsOutlet(video, hls, source.live);
}

const withPicture = (levels: { videoCodec?: string }[]): boolean => levels.some((level) => level.videoCodec !== undefined);

function policy() {
  return {
    default: {
      maxTimeToFirstByteMs: 15_000,
      maxLoadTimeMs: 20_000,
      timeoutRetry: { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 },
      errorRetry: {
        maxNumRetry: 3,
        retryDelayMs: 500,
        maxRetryDelayMs: 4000,
        shouldRetry: (_: unknown, count: number, __: boolean, response: { code?: number } | undefined) => response?.code !== 404 && count < 3,
      },
    },
  };
}

class HlsOutlet implements Outlet {
  readonly transport = 'hls';
  #held = false;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly hls: Hls,
    private readonly live: boolean,
  ) {}

  stop(): void {
    this.hls.destroy();
    this.video.playbackRate = 1;
  }

  mediaTime(): number {
    return Math.round(this.video.currentTime * 1000);
  }

  playingDate(): number | null {
    return this.live ? (this.hls.playingDate?.getTime() ?? null) : null;
  }

  ahead(): number {
    return aheadOf(this.video);
  }

  atLive(): boolean {
    const position = this.hls.liveSyncPosition;
    return !this.#held && (position === null || position - this.video.currentTime < 6);
  }

  hold(held: boolean): void {
    this.#held = held;
    this.hls.config.maxLiveSyncPlaybackRate = this.live && !held ? 1.08 : 1;
  }

  toLive(): void {
    this.hold(false);
    const position = this.hls.liveSyncPosition;
    if (position !== null) this.video.currentTime = position;
  }
}

/** The browser's own HLS player: the last resort, and the only one on older iPhones. */
export class NativeHlsOutlet implements Outlet {
  readonly transport = 'native';
  readonly #error = () => this.on.failed(this.video.error?.code === MediaError.MEDIA_ERR_NETWORK ? 'network' : 'decode');

  constructor(
    private readonly video: HTMLVideoElement,
    source: HlsSource,
    private readonly on: OutletEvents,
  ) {
    video.addEventListener('error', this.#error);
    video.src = source.url;
    if (source.startAt) video.currentTime = source.startAt;
  }

  static supported(video: HTMLVideoElement): boolean {
    return video.canPlayType('application/vnd.apple.mpegurl') !== '';
  }

  stop(): void {
    this.video.removeEventListener('error', this.#error);
    this.video.removeAttribute('src');
    this.video.load();
  }

  mediaTime(): number {
    return Math.round(this.video.currentTime * 1000);
  }

  playingDate(): number | null {
    const started = (this.video as HTMLVideoElement & { getStartDate?: () => Date }).getStartDate?.().getTime();
    return started && Number.isFinite(started) ? started + this.video.currentTime * 1000 : null;
  }

  ahead(): number {
    return aheadOf(this.video);
  }

  atLive(): boolean {
    return this.#liveEnd() - this.video.currentTime < 8;
  }

  hold(): void {
    // The browser itself never pulls a viewer to the edge.
  }

  toLive(): void {
    const end = this.#liveEnd();
    if (end > 0) this.video.currentTime = Math.max(0, end - 2);
  }

  #liveEnd(): number {
    const { seekable } = this.video;
    return seekable.length > 0 ? seekable.end(seekable.length - 1) : 0;
  }
}
