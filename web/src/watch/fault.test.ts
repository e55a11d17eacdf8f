import { render } from 'svelte/server';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Broadcast, Ticket } from '../api/types';
import { view } from './player/view';
import type { Room } from './room.svelte';

const { calls, FakeSocket } = vi.hoisted(() => {
  class FakeSocket {
    static OPEN = 1;
    static all: FakeSocket[] = [];
    readyState = 0;
    onopen: (() => void) | null = null;
    onmessage: ((event: { data: unknown }) => void) | null = null;
    onclose: ((event: { code: number }) => void) | null = null;
    constructor(readonly url: string) { FakeSocket.all.push(this); }
    send() {}
    close() { this.readyState = 3; }
    opens(mime: string | null) {
      this.readyState = 1;
      this.onopen?.();
      this.says({ type: 'hello', mime, live: true, at: 0, you: { account: 'a', name: 'A', host: false, mayComment: true }, epoch: 1 });
    }
    says(message: unknown) { this.onmessage?.({ data: JSON.stringify(message) }); }
  }
  return { FakeSocket, calls: { broadcast: vi.fn<(id: string) => Promise<unknown>>(), ticket: vi.fn<(id: string) => Promise<unknown>>() } };
});
vi.mock('../api/calls', () => calls);
vi.mock('../shell/session.svelte', () => ({ me: () => ({ id: 'a', handle: 'a', name: 'A' }), viewersOf: () => [] }));
vi.mock('../shell/router.svelte', () => ({ at: () => ({ path: '/', search: '', hash: '' }) }));
vi.mock('./viewers', () => ({ ViewersReader: class { begin() {} stop() {} } }));

const record = { id: 'b', title: 'T', state: 'live', recorded: false, isHost: false, comments: 0, peakViewers: 0, liveAvailable: true, startedAt: null } as unknown as Broadcast;
const ticket: Ticket = { ticket: 't', expiresAt: '', watch: { websocket: 'ws://l/watch?ticket=t', hls: '', flv: '', rtmp: '', whep: '', replay: '' } };

async function composer(room: Room): Promise<string> {
  const { default: Composer } = await import('./comments/Composer.svelte');
  return render(Composer, { props: { room } }).body;
}

class NoH264 extends EventTarget {
  static isTypeSupported = () => false;
}

describe('a browser that cannot play the picture', () => {
  let room: Room;
  const socket = () => FakeSocket.all.at(-1)!;
  const shown = () => view({
    phase: room.phase, fault: room.fault, connection: room.connection, stream: room.stream, liveAvailable: true, preparing: false,
    hasFrame: false, buffering: true, paused: false,
  });

  beforeEach(async () => {
    FakeSocket.all = [];
    vi.stubGlobal('WebSocket', FakeSocket);
    vi.stubGlobal('MediaSource', NoH264);
    vi.stubGlobal('URL', Object.assign(class extends URL {}, { createObjectURL: () => 'blob:', revokeObjectURL: () => undefined }));
    vi.stubGlobal('document', Object.assign(new EventTarget(), { hidden: false }));
    vi.stubGlobal('navigator', { onLine: true, languages: ['en'] });
    const window = new EventTarget();
    vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
    vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
    vi.stubGlobal('localStorage', { getItem: () => null, setItem() {} });
    calls.broadcast.mockResolvedValue(record);
    calls.ticket.mockResolvedValue(ticket);
    const { Room } = await import('./room.svelte');
    room = new Room('b', null);
    const buffered = { length: 0 };
    room.playback.video = Object.assign(new EventTarget(), {
      canPlayType: () => '', play: async () => {}, pause() {}, load() {}, removeAttribute() {}, paused: true, currentTime: 0, buffered,
    }) as unknown as HTMLVideoElement;
    await room.start();
    socket().opens('video/mp4; codecs="avc1.42c01e, mp4a.40.2"');
    return () => {
      room.stop();
      vi.unstubAllGlobals();
    };
  });

  it('says so at once, and takes no more media', () => {
    expect([room.phase, room.fault, shown()]).toEqual(['live', 'unsupported', { state: 'unsupported', words: 'player.state.unsupported' }]);
    expect(FakeSocket.all.map((one) => one.url.includes('media=none'))).toEqual([false, true]);
    expect(FakeSocket.all[0]!.readyState).toBe(3);
  });
  it('keeps the comments, and does not say that the broadcast has ended', async () => {
    socket().opens(null);
    expect(await composer(room)).toContain('data-testid="composer"');
    socket().says({ type: 'comment', id: 'c', account: 'x', name: 'X', text: 'hello', at: 0, time: '2026-05-01T12:00:00Z' });
    expect(room.comments.lines.map((line) => line.text)).toEqual(['hello']);
    socket().says({ type: 'viewers', count: 7 });
    expect(room.viewerCount).toBe(7);
  });
});

describe('a broadcast that could not be loaded', () => {
  it('is not said to have ended', async () => {
    vi.stubGlobal('localStorage', { getItem: () => null, setItem() {} });
    vi.stubGlobal('navigator', { languages: ['en'] });
    const { Room } = await import('./room.svelte');
    const room = new Room('b', null);
    room.phase = 'failed';
    expect(await composer(room)).not.toMatch(/ended|<input|<p/);
    room.phase = 'ended';
    expect(await composer(room)).toMatch(/ended/);
    vi.unstubAllGlobals();
  });
});
