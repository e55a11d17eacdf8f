import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startHls } from './hls-outlet';

type Handler = (event: string, data: object) => void;
const { FakeHls } = vi.hoisted(() => {
  class FakeHls {
    static isSupported = () => true;
    static Events = { ERROR: 'error', MANIFEST_LOADED: 'manifestLoaded' };
    static ErrorTypes = { NETWORK_ERROR: 'networkError', MEDIA_ERROR: 'mediaError' };
    static ErrorDetails = {
      MANIFEST_INCOMPATIBLE_CODECS_ERROR: 'manifestIncompatibleCodecsError',
      BUFFER_INCOMPATIBLE_CODECS_ERROR: 'bufferIncompatibleCodecsError',
      BUFFER_ADD_CODEC_ERROR: 'bufferAddCodecError',
    };
    static last: FakeHls;
    recovered = 0;
    /** Those of the playlist that this browser can play. */
    levels: object[] = [];
    #handlers = new Map<string, Handler>();
    constructor() {
      FakeHls.last = this;
    }
    on(event: string, handler: Handler) {
      this.#handlers.set(event, handler);
    }
    fails(details: string) {
      this.#handlers.get('error')!('error', { fatal: true, type: 'mediaError', details });
    }
    loads(offered: object[], playable: object[]) {
      this.levels = playable;
      this.#handlers.get('manifestLoaded')!('manifestLoaded', { levels: offered });
    }
    recoverMediaError() {
      this.recovered++;
    }
    loadSource() {}
    attachMedia() {}
  }
  return { FakeHls };
});
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
});
