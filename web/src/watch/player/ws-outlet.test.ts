import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { box } from './boxes.sample';
import { WsOutlet } from './ws-outlet';

class FakeBuffer extends EventTarget {
  updating = false;
  appended = 0;
  types: string[] = [];
  buffered = { length: 0, start: () => 0, end: () => 0 };
  appendBuffer() {
    this.appended++;
  }
  remove() {
    throw new Error('There is nothing to remove.');
  }
  changeType(mime: string) {
    this.types.push(mime);
  }
}

class FakeSource extends EventTarget {
  static made: FakeSource[] = [];
  static isTypeSupported = () => true;
  readyState = 'closed';
  buffers: { mime: string; buffer: FakeBuffer }[] = [];
  constructor() {
    super();
    FakeSource.made.push(this);
  }
  addSourceBuffer(mime: string) {
    const buffer = new FakeBuffer();
    this.buffers.push({ mime, buffer });
    return buffer;
  }
  open() {
    this.readyState = 'open';
    this.dispatchEvent(new Event('sourceopen'));
  }
}

/** Loading a source pauses, as the HTML specification says. */
class FakeVideo extends EventTarget {
  paused = true;
  currentTime = 0;
  playbackRate = 1;
  error = null;
  seeking = false;
  buffered = { length: 0, start: () => 0, end: () => 0 };
  disableRemotePlayback = false;
  #src = '';
  get src() {
    return this.#src;
  }
  set src(url: string) {
    this.#src = url;
    this.load();
  }
  load() {
    this.paused = true;
  }
  removeAttribute() {
    this.#src = '';
  }
  async play() {
    this.paused = false;
  }
}

const both = 'video/mp4; codecs="avc1.42c01e, mp4a.40.2"';
const picture = 'video/mp4; codecs="avc1.42c01e"';
const sound = 'video/mp4; codecs="mp4a.40.2"';

describe('the picture from the watch socket', () => {
  let video: FakeVideo;
  let outlet: WsOutlet;
  const events = { failed: vi.fn(), refused: vi.fn(), overflow: vi.fn() };
  const sources = () => FakeSource.made.map((source) => source.buffers.map(({ mime, buffer }) => [mime, buffer.appended]));

  beforeEach(() => {
    FakeSource.made = [];
    vi.stubGlobal('MediaSource', FakeSource);
    let urls = 0;
    vi.stubGlobal('URL', { createObjectURL: () => `blob:${++urls}`, revokeObjectURL: () => undefined });
    video = new FakeVideo();
    outlet = new WsOutlet(video as unknown as HTMLVideoElement, events);
    outlet.hello(both, true);
    FakeSource.made[0]!.open();
    outlet.media(box('ftyp'));
  });
  afterEach(() => {
    outlet.stop();
    vi.unstubAllGlobals();
  });

  for (const after of [picture, sound]) {
    it(`goes on in a new MediaSource when only ${after} is left`, async () => {
      await video.play();
      outlet.hello(after, false);
      outlet.media(box('ftyp'));
      expect(sources()).toEqual([[[both, 1]], []]);
      FakeSource.made[1]!.open();
      expect(sources()).toEqual([[[both, 1]], [[after, 1]]]);
      expect([video.src, video.paused]).toEqual(['blob:2', false]);
      expect(events.failed).not.toHaveBeenCalled();
    });
    it(`goes on in a new MediaSource when to ${after} the other track comes`, async () => {
      outlet.hello(after, false);
      FakeSource.made[1]!.open();
      outlet.hello(both, false);
      FakeSource.made[2]!.open();
      outlet.media(box('ftyp'));
      expect(sources()).toEqual([[[both, 1]], [[after, 0]], [[both, 1]]]);
    });
  }
  it('stays paused for somebody who paused', () => {
    outlet.hello(picture, false);
    expect([FakeSource.made.length, video.paused]).toEqual([2, true]);
  });
  it('goes on in the same MediaSource when only a codec changed', () => {
    const other = 'video/mp4; codecs="avc1.640028, mp4a.40.2"';
    FakeSource.made[0]!.buffers[0]!.buffer.dispatchEvent(new Event('updateend'));
    outlet.hello(other, false);
    expect(FakeSource.made.length).toBe(1);
    expect(FakeSource.made[0]!.buffers[0]!.buffer.types).toEqual([other]);
  });
});
