import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startHls } from './hls-outlet';
import type { Outlet } from './outlet';

type Handler = (event: string, data: object) => void;
const { FakeHls } = vi.hoisted(() => {
  class FakeHls {
    static isSupported = () => true;
    static Events = {
      ERROR: 'error', FRAG_LOADING: 'loading', BUFFER_CREATED: 'created', BUFFER_CODECS: 'codecs', MEDIA_DETACHING: 'detaching',
      MANIFEST_LOADED: 'manifestLoaded',
    };
    static ErrorTypes = { NETWORK_ERROR: 'networkError', MEDIA_ERROR: 'mediaError' };
    static ErrorDetails = {
      MANIFEST_INCOMPATIBLE_CODECS_ERROR: 'manifestIncompatibleCodecsError',
      BUFFER_INCOMPATIBLE_CODECS_ERROR: 'bufferIncompatibleCodecsError',
      BUFFER_ADD_CODEC_ERROR: 'bufferAddCodecError',
    };
    static last: FakeHls;
    recovered = 0;
    did: (string | number)[] = [];
    config = {};
    liveSyncPosition: number | null = null;
    /** Those of the playlist that this browser can play. */
    levels: object[] = [];
    #handlers = new Map<string, Handler>();
    constructor() {
      FakeHls.last = this;
    }
    on(event: string, handler: Handler) {
      this.#handlers.set(event, handler);
    }
    says(event: string, data: object) {
      this.#handlers.get(event)!(event, data);
    }
    fails(details: string) {
      this.says('error', { fatal: true, type: 'mediaError', details });
    }
    /** A segment is loaded and parsed: the first makes the SourceBuffers. */
    takes(start: number, kind: string) {
      this.says('loading', { frag: { start, sn: 7 } });
      this.says('loading', { frag: { start: 0, sn: 'initSegment' } });
      this.says('codecs', { [kind]: {}, tracks: {} });
    }
    creates(kind: string) {
      this.says('created', { tracks: { [kind]: {} } });
    }
    loads(offered: object[], playable: object[]) {
      this.levels = playable;
      this.says('manifestLoaded', { levels: offered });
    }
    recoverMediaError() {
      this.recovered++;
    }
    loadSource() {}
    attachMedia() {
      this.did.push('attach');
    }
    detachMedia() {
      this.did.push('detach');
      this.says('detaching', {});
    }
    stopLoad() {
      this.did.push('stop');
    }
    startLoad(at: number) {
      this.did.push(at);
    }
    destroy() {
      this.did.push('destroy');
    }
  }
  return { FakeHls };
});
type FakeHlsType = InstanceType<typeof FakeHls>;
vi.mock('hls.js', () => ({ default: FakeHls }));

describe('the picture by hls.js', () => {
  const on = { failed: vi.fn(), refused: vi.fn() };
  let now = 100_000;

  beforeEach(async () => {
    on.failed.mockReset();
    vi.stubGlobal('performance', { now: () => now });
    await startHls({} as HTMLVideoElement, { url: '', live: true }, on);
  });
  afterEach(() => vi.unstubAllGlobals());

  for (const details of ['manifestIncompatibleCodecsError', 'bufferIncompatibleCodecsError', 'bufferAddCodecError']) {
    it(`says at once that the browser lacks the codec: ${details}`, () => {
      FakeHls.last.fails(details);
      expect(on.failed.mock.calls).toEqual([['codec']]);
      expect(FakeHls.last.recovered).toBe(0);
    });
  }
  it('says so too where the sound alone could be played', () => {
    const [picture, sound] = [{ videoCodec: 'avc1.42c01e', audioCodec: 'mp4a.40.2' }, { audioCodec: 'mp4a.40.2' }];
    FakeHls.last.loads([picture, sound], [picture]);
    FakeHls.last.loads([sound], [sound]);
    expect(on.failed).not.toHaveBeenCalled();
    FakeHls.last.loads([picture, sound], [sound]);
    expect(on.failed.mock.calls).toEqual([['codec']]);
  });
  it('recovers each time the tracks change, and gives up on what fails again at once', () => {
    for (let change = 1; change <= 3; change++) {
      FakeHls.last.fails('bufferAppendError');
      expect(FakeHls.last.recovered).toBe(change);
      now += 60_000;
    }
    FakeHls.last.fails('bufferAppendError');
    now += 1000;
    expect(on.failed).not.toHaveBeenCalled();
    FakeHls.last.fails('bufferAppendError');
    expect(on.failed.mock.calls).toEqual([['decode']]);
  });

  describe('where other kinds of track begin', () => {
    const video = { readyState: 4, paused: false, seeking: false, currentTime: 0, playbackRate: 1, play: () => Promise.resolve() };
    let outlet: Outlet;

    async function start(live: boolean): Promise<FakeHlsType> {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      vi.stubGlobal('HTMLMediaElement', { HAVE_FUTURE_DATA: 3 });
      Object.assign(video, { readyState: 4, paused: false, seeking: false, currentTime: 0, playbackRate: 1.5 });
      outlet = (await startHls(video as unknown as HTMLVideoElement, { url: '', live }, on))!;
      const hls = FakeHls.last;
      hls.takes(0, 'audiovideo');
      hls.creates('audiovideo');
      hls.takes(2, 'audiovideo');
      expect(hls.did).toEqual(['attach']);
      return hls;
    }
    afterEach(() => vi.useRealTimers());

    it('plays what is buffered to its end and goes on in another MediaSource, as often as they change', async () => {
      const hls = await start(false);
      for (const [at, kind] of [[20, 'video'], [30, 'audio'], [40, 'audiovideo']] as const) {
        hls.did = [];
        video.readyState = 4;
        hls.takes(at, kind);
        hls.fails('bufferAppendError'); // what hls.js says of a buffer that is not there
        vi.advanceTimersByTime(60_000);
        expect(hls.did).toEqual(['stop']);
        Object.assign(video, { currentTime: at - 0.02, readyState: 2 });
        vi.advanceTimersByTime(200);
        expect(hls.did).toEqual(['stop', 'detach', 'attach', at + 0.05]);
        expect(video.playbackRate).toBe(1.5);
        hls.takes(at, kind);
        hls.creates(kind);
      }
      vi.advanceTimersByTime(60_000);
      expect(hls.did).toHaveLength(4);
      expect([on.failed.mock.calls.length, hls.recovered]).toEqual([0, 0]);
    });
    it('waits for somebody who paused, and goes where they seek', async () => {
      const hls = await start(false);
      hls.takes(20, 'video');
      Object.assign(video, { readyState: 2, paused: true });
      vi.advanceTimersByTime(60_000);
      expect(hls.did).toEqual(['attach', 'stop']);
      Object.assign(video, { readyState: 1, seeking: true, currentTime: 300 });
      vi.advanceTimersByTime(200);
      expect(hls.did).toEqual(['attach', 'stop', 'detach', 'attach', 300]);
    });
    it('goes on at the live edge, but not where somebody holds it', async () => {
      let hls = await start(true);
      Object.assign(hls, { liveSyncPosition: 25 });
      hls.takes(20, 'video');
      video.readyState = 2;
      vi.advanceTimersByTime(200);
      expect([hls.did.at(-1), video.playbackRate]).toEqual([25, 1]);

      hls = await start(true);
      Object.assign(hls, { liveSyncPosition: 25 });
      outlet.hold(true);
      hls.takes(20, 'video');
      video.readyState = 2;
      vi.advanceTimersByTime(200);
      expect(hls.did.at(-1)).toBe(20.05);
    });
    it('gives up where it gets no further', async () => {
      const hls = await start(false);
      for (let time = 0; time < 2; time++) {
        hls.takes(20, 'video');
        video.readyState = 2;
        expect(on.failed).not.toHaveBeenCalled();
        vi.advanceTimersByTime(200);
        hls.creates('audiovideo');
      }
      expect(on.failed.mock.calls).toEqual([['decode']]);
    });
    it('does nothing any more when it is stopped', async () => {
      const hls = await start(true);
      hls.takes(20, 'video');
      outlet.stop();
      video.readyState = 2;
      vi.advanceTimersByTime(60_000);
      expect(hls.did).toEqual(['attach', 'stop', 'destroy']);
    });
  });
});
