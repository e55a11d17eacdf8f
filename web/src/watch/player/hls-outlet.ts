import type Hls from 'hls.js';
import { aheadOf, type Outlet, type OutletEvents } from './outlet';

/** What fails again sooner than this is the stream's own fault. */
const recoverAgainMs = 10_000;
const lookMs = 100;
/** Into the segment at which playback goes on, seconds: where it begins, the one before ends. */
const inside = 0.05;

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
    // There are none here, and it begins where it stopped whenever media is attached.
    interstitialsController: undefined,
    // One clear refusal must not be asked again and again: a new ticket settles it.
    manifestLoadPolicy: policy(),
    playlistLoadPolicy: policy(),
  });
  // No recovery helps against these.
  const { MANIFEST_INCOMPATIBLE_CODECS_ERROR, BUFFER_INCOMPATIBLE_CODECS_ERROR, BUFFER_ADD_CODEC_ERROR } = HlsJs.ErrorDetails;
  const codecFaults: string[] = [MANIFEST_INCOMPATIBLE_CODECS_ERROR, BUFFER_INCOMPATIBLE_CODECS_ERROR, BUFFER_ADD_CODEC_ERROR];
  let recoveredAt = -Infinity;
  const outlet = new HlsOutlet(video, hls, source.live, on);
  let kinds: string | null = null;
  let loading = 0;
  hls.on(HlsJs.Events.FRAG_LOADING, (_, { frag }) => {
    if (frag.sn !== 'initSegment') loading = frag.start;
  });
  hls.on(HlsJs.Events.BUFFER_CREATED, (_, { tracks }) => (kinds = kindsOf(tracks)));
  hls.on(HlsJs.Events.BUFFER_CODECS, (_, tracks) => {
    if (kinds === null || kindsOf(tracks) === kinds) return;
    outlet.tracksChange(loading);
  });
  hls.on(HlsJs.Events.MEDIA_DETACHING, () => (kinds = null));
  hls.on(HlsJs.Events.ERROR, (_, data) => {
    if (!data.fatal || outlet.changes) return;
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
  return outlet;
}

function kindsOf(tracks: object): string {
  return ['audio', 'video', 'audiovideo'].filter((kind) => kind in tracks).join();
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
  /** Where segments with other kinds of track begin, seconds; null while there are none. */
  #changesAt: number | null = null;
  #wentOnAt: number | null = null;
  #looks: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly hls: Hls,
    private readonly live: boolean,
    private readonly on: OutletEvents,
  ) {}

  stop(): void {
    clearInterval(this.#looks);
    this.hls.destroy();
    this.video.playbackRate = 1;
  }

  get changes(): boolean {
    return this.#changesAt !== null;
  }

  /**
   * A track begins or ends there. A MediaSource keeps the kinds of track that it began with (MSE 3.5.8), and hls.js takes no
   * others: what is buffered is played to its end, then another MediaSource goes on.
   */
  tracksChange(at: number): void {
    this.hls.stopLoad();
    this.#changesAt = at;
    clearInterval(this.#looks);
    this.#looks = setInterval(() => this.#goOn(), lookMs);
  }

  #goOn(): void {
    const { hls, video } = this;
    if (video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA || (video.paused && !video.seeking)) return;
    clearInterval(this.#looks);
    const { paused, playbackRate, seeking } = video;
    const start = this.#changesAt! + inside;
    this.#changesAt = null;
    if (!seeking && start === this.#wentOnAt) {
      this.on.failed('decode'); // nobody gets beyond it
      return;
    }
    this.#wentOnAt = seeking ? null : start;
    // Somebody has sought to where nothing is buffered; live, the edge has moved on meanwhile.
    const at = seeking ? video.currentTime : this.live && !this.#held ? Math.max(start, hls.liveSyncPosition ?? 0) : start;
    hls.detachMedia();
    hls.attachMedia(video);
    hls.startLoad(at);
    // Another source begins at the usual speed.
    video.playbackRate = this.live ? 1 : playbackRate;
    // Refused where sound needs a tap: the page asks for it when the picture is there.
    if (!paused) void video.play().catch(() => undefined);
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
