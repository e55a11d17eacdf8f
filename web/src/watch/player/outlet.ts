/** How the picture comes: over the watch socket, by hls.js, or by the browser's own HLS. */
export type Transport = 'ws' | 'whep' | 'hls' | 'native';

export interface OutletEvents {
  /** It can go on no more; the room tries the next one or gives up. `codec`: this browser cannot decode it. */
  failed(why: 'codec' | 'decode' | 'network'): void;
  /** The server said 404: ask for a new ticket, which settles whether one still may watch. */
  refused(): void;
}

/** One way of getting a broadcast or a replay into the video element. */
export interface Outlet {
  readonly transport: Transport;
  stop(): void;
  /** Media time of the picture on the screen, ms. */
  mediaTime(): number;
  /** Wall time at the server of the picture on the screen, when the outlet knows it. */
  playingDate(): number | null;
  /** Seconds buffered ahead. */
  ahead(): number;
  /** Goes to the newest picture (live only). */
  toLive(): void;
  /** Whether the viewer is at the live edge, or near enough. */
  atLive(): boolean;
  /** Somebody paused or sought: do not pull them back to the live edge until they ask. */
  hold(held: boolean): void;
}

export function aheadOf(video: HTMLVideoElement): number {
  const { buffered, currentTime } = video;
  for (let index = 0; index < buffered.length; index++) {
    if (buffered.start(index) <= currentTime + 0.1 && buffered.end(index) >= currentTime) return buffered.end(index) - currentTime;
  }
  return 0;
}
