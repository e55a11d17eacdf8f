const volumeKey = 'weir.volume';
const mutedKey = 'weir.muted';
/** So long after a source came a pause that nobody asked for is the browser's rule against sound; later somebody paused it outside of the page. */
const settlingMs = 5000;

interface WebkitVideo extends HTMLVideoElement {
  webkitEnterFullscreen?: () => void;
  webkitSupportsFullscreen?: boolean;
}

/** The video element as the controls see it: what it does now, and what a person may ask of it. */
export class Playback {
  paused = $state(true);
  muted = $state(false);
  volume = $state(1);
  buffering = $state(true);
  hasFrame = $state(false);
  position = $state(0);
  duration = $state(0);
  rate = $state(1);
  width = $state(0);
  height = $state(0);
  fullscreen = $state(false);
  pip = $state(false);
  /** Sound was wanted, but the browser allows only silent play until somebody taps. */
  silenced = $state(false);
  /** Not even silent play is allowed (a phone that saves power), or the browser paused by itself. */
  blocked = $state(false);
  firstFrameMs = $state<number | null>(null);

  video: HTMLVideoElement | null = null;
  frame: HTMLElement | null = null;
  #wantsPlay = true;
  #since = 0;
  #generation = 0;
  #retriedMuted = false;

  /** Takes the element; `quiet` for a preview, which is always silent and changes nothing that is remembered. */
  attach(video: HTMLVideoElement, frame: HTMLElement, quiet: boolean): () => void {
    this.video = video;
    this.frame = frame;
    this.volume = Math.min(Math.max(Number(localStorage.getItem(volumeKey) ?? 1), 0), 1) || 1;
    video.volume = this.volume;
    video.muted = quiet || localStorage.getItem(mutedKey) === '1';
    this.muted = video.muted;
    const listen = new AbortController();
    const on = (name: string, handler: () => void) => video.addEventListener(name, handler, { signal: listen.signal });
    on('play', () => (this.paused = false));
    on('pause', () => this.#paused());
    on('waiting', () => (this.buffering = true));
    on('playing', () => (this.buffering = false));
    // A new source ends the play() that was asked before it.
    on('canplay', () => { if (video.paused && !this.blocked) void this.play(false); });
    on('timeupdate', () => this.#moved());
    on('seeked', () => this.#moved());
    on('durationchange', () => (this.duration = Number.isFinite(video.duration) ? video.duration : 0));
    on('resize', () => { this.width = video.videoWidth; this.height = video.videoHeight; });
    on('volumechange', () => { this.muted = video.muted; this.volume = video.volume; });
    on('ratechange', () => (this.rate = video.playbackRate));
    on('enterpictureinpicture', () => (this.pip = true));
    on('leavepictureinpicture', () => (this.pip = false));
    document.addEventListener('fullscreenchange', () => (this.fullscreen = document.fullscreenElement === frame), { signal: listen.signal });
    return () => {
      listen.abort();
      this.video = null;
    };
  }

  /** A new source comes: counts the time to its first frame from now. */
  begin(): void {
    const { video } = this;
    if (!video) return;
    this.#since = performance.now();
    this.hasFrame = false;
    this.buffering = true;
    this.firstFrameMs = null;
    this.#retriedMuted = this.blocked = false;
    const generation = ++this.#generation;
    const first = () => {
      if (generation !== this.#generation || this.hasFrame) return;
      this.hasFrame = true;
      this.firstFrameMs = Math.round(performance.now() - this.#since);
    };
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(first);
    // Sound alone has no frame: that it plays is what counts.
    video.addEventListener('playing', () => { if (video.videoWidth === 0 || !('requestVideoFrameCallback' in video)) first(); }, { once: true });
  }

  async play(byHand = true): Promise<void> {
    const { video } = this;
    if (!video) return;
    if (byHand) this.#wantsPlay = true;
    if (!this.#wantsPlay) return;
    try {
      await video.play();
      this.blocked = false;
    } catch (reason) {
      if ((reason as DOMException).name !== 'NotAllowedError') return; // a newer source took over
      if (video.muted) {
        this.blocked = true;
        return;
      }
      video.muted = true;
      this.silenced = true;
      await this.play(false);
    }
  }

  pause(): void {
    this.#wantsPlay = false;
    this.video?.pause();
  }

  setMuted(muted: boolean): void {
    if (!this.video) return;
    this.silenced = false;
    this.video.muted = muted;
    if (!muted && this.video.volume < 0.05) this.setVolume(0.5);
    localStorage.setItem(mutedKey, muted ? '1' : '0');
  }

  setVolume(volume: number): void {
    if (!this.video) return;
    const value = Math.min(Math.max(volume, 0), 1);
    this.video.volume = value;
    if (value > 0 && this.video.muted) this.setMuted(false);
    localStorage.setItem(volumeKey, String(value));
  }

  seek(seconds: number): void {
    if (this.video) this.video.currentTime = Math.max(0, seconds);
  }

  setRate(rate: number): void {
    if (this.video) this.video.playbackRate = rate;
  }

  get canPip(): boolean {
    return document.pictureInPictureEnabled === true;
  }

  async togglePip(): Promise<void> {
    try {
      if (document.pictureInPictureElement) await document.exitPictureInPicture();
      else await this.video?.requestPictureInPicture();
    } catch (reason) {
      // Refused without a picture yet; there is nothing to do about it.
      if (!(reason instanceof DOMException)) throw reason;
    }
  }

  async toggleFullscreen(): Promise<void> {
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else if (this.frame?.requestFullscreen) await this.frame.requestFullscreen();
      else (this.video as WebkitVideo | null)?.webkitEnterFullscreen?.(); // iPhones: the video alone
    } catch (reason) {
      if (!(reason instanceof TypeError || reason instanceof DOMException)) throw reason;
    }
  }

  /** WebKit lets sound begin and then pauses it. Once it is tried without sound; after that a person decides. */
  #paused(): void {
    const video = this.video!;
    this.paused = true;
    if (!this.#wantsPlay || video.ended) return;
    if (this.#retriedMuted || performance.now() - this.#since > settlingMs) {
      this.blocked = true;
      return;
    }
    this.#retriedMuted = true;
    this.silenced ||= !video.muted;
    video.muted = true;
    void this.play(false);
  }

  #moved(): void {
    const video = this.video!;
    this.position = video.currentTime;
    // WebKit also goes on by itself after a pause, or after a play() that it refused: what moves needs no tap.
    if (!video.paused && video.readyState >= 3) this.buffering = this.blocked = false;
  }
}
