import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Playback } from './playback.svelte';

/** A video of a browser that pauses by itself, and that may refuse to play. */
class Video extends EventTarget {
  paused = true;
  ended = false;
  muted = false;
  volume = 1;
  videoWidth = 0;
  readyState = 4;
  currentTime = 0;
  refuses: 'nothing' | 'sound' | 'everything' = 'nothing';
  async play() {
    if (this.refuses === 'everything' || (this.refuses === 'sound' && !this.muted)) throw new DOMException('', 'NotAllowedError');
    this.paused = false;
    this.dispatchEvent(new Event('play'));
  }
  pause() {
    if (this.paused) return;
    this.paused = true;
    this.dispatchEvent(new Event('pause'));
  }
}

describe('a pause that the browser makes by itself', () => {
  let video: Video;
  let playback: Playback;
  let now = 0;

  beforeEach(async () => {
    vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
    vi.stubGlobal('document', new EventTarget());
    vi.stubGlobal('performance', { now: () => now });
    video = new Video();
    playback = new Playback();
    playback.attach(video as unknown as HTMLVideoElement, {} as HTMLElement, false);
    playback.begin();
    await playback.play(false);
  });
  afterEach(() => vi.unstubAllGlobals());

  it('is answered without sound at the start, and the page offers the sound', async () => {
    video.refuses = 'sound';
    video.pause();
    await expect.poll(() => video.paused).toBe(false);
    expect([video.muted, playback.silenced, playback.blocked, playback.paused]).toEqual([true, true, false, false]);
  });
  it('asks for a tap where silent play is paused too', async () => {
    video.pause();
    await expect.poll(() => video.paused).toBe(false);
    video.pause();
    expect([video.paused, playback.blocked]).toEqual([true, true]);
    await playback.play();
    expect([video.paused, playback.blocked]).toEqual([false, false]);
  });
  it('asks for no tap any more when the browser goes on by itself', async () => {
    video.pause();
    await expect.poll(() => video.paused).toBe(false);
    video.pause();
    expect(playback.blocked).toBe(true);
    await video.play();
    video.dispatchEvent(new Event('timeupdate'));
    expect([video.paused, playback.paused, playback.blocked]).toEqual([false, false, false]);
  });
  it('asks for a tap where even silent play is refused', async () => {
    video.refuses = 'everything';
    video.pause();
    await expect.poll(() => playback.blocked).toBe(true);
    expect(video.paused).toBe(true);
  });
  it('is left alone later, when somebody paused outside of the page', async () => {
    now += 60_000;
    video.pause();
    video.dispatchEvent(new Event('canplay'));
    expect([video.paused, video.muted, playback.blocked]).toEqual([true, false, true]);
  });
  it('is not seen in the viewer’s own pause, nor at the end', async () => {
    playback.pause();
    expect([video.paused, playback.blocked]).toEqual([true, false]);
    await playback.play();
    video.ended = true;
    video.pause();
    expect([video.paused, playback.blocked]).toEqual([true, false]);
  });
});
