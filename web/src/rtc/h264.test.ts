import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WhepOutlet } from '../watch/player/whep-outlet';
import { Capture } from '../studio/camera/capture.svelte';

const h264 = { mimeType: 'video/H264', clockRate: 90_000, sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f' };
const h264Mode0 = { ...h264, sdpFmtpLine: 'packetization-mode=0;profile-level-id=42e01f' };
const vp8 = { mimeType: 'video/VP8', clockRate: 90_000 };

describe('a browser', () => {
  const asked = vi.fn(async () => { throw new DOMException('', 'NotFoundError'); });
  const able = (codecs: object[] | null) => {
    const side = codecs ? { getCapabilities: () => ({ codecs }) } : {};
    vi.stubGlobal('RTCRtpSender', side);
    vi.stubGlobal('RTCRtpReceiver', side);
  };
  const capture = () => new Capture(() => ({ off: '', paused: '', name: '' }));

  beforeEach(() => {
    asked.mockClear();
    vi.stubGlobal('isSecureContext', true);
    vi.stubGlobal('RTCPeerConnection', class {});
    vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
    const mediaDevices = { getUserMedia: asked, enumerateDevices: async () => [], addEventListener() {}, removeEventListener() {} };
    vi.stubGlobal('navigator', { mediaDevices });
    able([vp8, h264]);
  });
  afterEach(() => vi.unstubAllGlobals());

  it('that has H.264 in WebRTC sends and plays by it', async () => {
    const camera = capture();
    await camera.start();
    expect([WhepOutlet.supported, Capture.supported, camera.problem]).toEqual([true, true, 'missing']);
    expect(asked).toHaveBeenCalled();
  });
  for (const codecs of [[vp8], [vp8, h264Mode0], []]) {
    it(`that has ${codecs.length} formats and not the one is told so before it asks for the camera`, async () => {
      able(codecs);
      const camera = capture();
      await camera.start();
      expect([WhepOutlet.supported, Capture.supported, camera.problem]).toEqual([false, false, 'noH264']);
      expect(asked).not.toHaveBeenCalled();
    });
  }
  it('that does not say what it can is tried', () => {
    able(null);
    expect([WhepOutlet.supported, Capture.supported]).toEqual([true, true]);
  });
  it('without WebRTC on a secure page is not told that it needs HTTPS', async () => {
    vi.stubGlobal('RTCPeerConnection', undefined);
    const camera = capture();
    await camera.start();
    expect(camera.problem).toBe('noWebRtc');
    vi.stubGlobal('isSecureContext', false);
    await camera.start();
    expect(camera.problem).toBe('insecure');
  });
});
