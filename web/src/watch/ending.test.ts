import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../api/http';
import type { Broadcast, Ticket } from '../api/types';
import type { Ended } from './player/messages';
import type { Room } from './room.svelte';

const { calls, played, refusing, FakeSocket } = vi.hoisted(() => {
  class FakeSocket {
    static OPEN = 1;
    static last: FakeSocket;
    readyState = 0;
    onopen: (() => void) | null = null;
    onmessage: ((event: { data: unknown }) => void) | null = null;
    onclose: ((event: { code: number }) => void) | null = null;
    constructor(readonly url: string) { FakeSocket.last = this; }
    send() {}
    close() { this.readyState = 3; }
    opens() {
      this.readyState = 1;
      this.onopen?.();
      this.says({ type: 'hello', mime: null, live: true, at: 0, you: {}, epoch: 1 });
    }
    says(message: unknown) { this.onmessage?.({ data: JSON.stringify(message) }); }
    closes(code: number) {
      this.readyState = 3;
      this.onclose?.({ code });
    }
  }
  const refusing = { now: false };
  return { FakeSocket, refusing, calls: { broadcast: vi.fn<(id: string) => Promise<unknown>>(), ticket: vi.fn<(id: string) => Promise<unknown>>() }, played: vi.fn<(url: string) => void>() };
});
vi.mock('../api/calls', () => calls);
vi.mock('./player/hls-outlet', () => ({
  startHls: async (_: unknown, source: { url: string }, on: { refused(): void }) => {
    played(source.url);
    if (refusing.now) setTimeout(() => on.refused());
    return { transport: 'hls', stop() {}, mediaTime: () => 0, playingDate: () => null, ahead: () => 0, atLive: () => false, hold() {}, toLive() {} };
  },
  NativeHlsOutlet: { supported: () => false },
}));

const record = { id: 'b', title: 'T', state: 'live', recorded: false, isHost: false, comments: 0, peakViewers: 0, liveAvailable: true, startedAt: null } as unknown as Broadcast;
const ticket = (name: string): Ticket => ({ ticket: name, expiresAt: '', watch: { websocket: `ws://l/watch?ticket=${name}`, hls: '', flv: '', rtmp: '', whep: '', replay: `http://l/live/b/replay.m3u8?ticket=${name}` } });
const ended: Ended = { type: 'ended', replay: true, after: 4000, duration: 61_000, startedAt: '2026-05-01T12:00:00Z' };

describe('the end of a broadcast for whoever watches', () => {
  let room: Room;

  beforeEach(async () => {
    vi.useFakeTimers();
    vi.stubGlobal('WebSocket', FakeSocket);
    vi.stubGlobal('document', Object.assign(new EventTarget(), { hidden: false }));
    vi.stubGlobal('navigator', { onLine: true });
    const window = new EventTarget();
    vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
    vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
    vi.stubGlobal('localStorage', { getItem: () => null, setItem() {} });
    vi.stubGlobal('fetch', vi.fn(async () => Response.json({ events: [], next: null })));
    calls.broadcast.mockReset().mockResolvedValue(record);
    calls.ticket.mockReset().mockResolvedValue(ticket('first'));
    played.mockReset();
    refusing.now = false;
    const { Room } = await import('./room.svelte');
    room = new Room('b', null, { picture: false });
    room.playback.video = Object.assign(new EventTarget(), { play: async () => {}, pause() {}, paused: true, currentTime: 0, duration: 0, buffered: [], muted: false }) as unknown as HTMLVideoElement;
    await room.start();
    FakeSocket.last.opens();
    calls.broadcast.mockClear();
    calls.ticket.mockClear();
    return () => {
      room.stop();
      vi.useRealTimers();
      vi.unstubAllGlobals();
    };
  });
  const asked = () => calls.broadcast.mock.calls.length + calls.ticket.mock.calls.length;

  it('is the replay, at the moment they were told and with the ticket they have, without a call', async () => {
    FakeSocket.last.says(ended);
    expect([room.phase, room.preparing]).toEqual(['ended', true]);
    await vi.advanceTimersByTimeAsync(3900);
    expect(played).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(200);
    expect(played).toHaveBeenCalledExactlyOnceWith('http://l/live/b/replay.m3u8?ticket=first');
    expect([room.phase, room.preparing]).toEqual(['replay', false]);
    expect(room.broadcast).toMatchObject({ state: 'ended', recorded: true, durationMs: 61_000, startedAt: '2026-05-01T12:00:00Z' });
    expect(asked()).toBe(0);
  });
  it('is the end where nothing was recorded', async () => {
    FakeSocket.last.says({ ...ended, replay: false, after: 0 });
    await vi.advanceTimersByTimeAsync(60_000);
    expect([room.phase, room.preparing, room.broadcast?.recorded]).toEqual(['ended', false, false]);
    expect(played).not.toHaveBeenCalled();
    expect(asked()).toBe(0);
  });
  it('is asked for where the node says no more than that', async () => {
    calls.broadcast.mockResolvedValue({ ...record, state: 'ended', recorded: true });
    calls.ticket.mockResolvedValue(ticket('second'));
    FakeSocket.last.says({ type: 'ended' });
    await vi.advanceTimersByTimeAsync(100);
    expect(played).toHaveBeenCalledExactlyOnceWith('http://l/live/b/replay.m3u8?ticket=second');
  });
  it('is found by whoever lost the connection, at a moment of their own, with one look', async () => {
    calls.broadcast.mockResolvedValue({ ...record, state: 'ended', recorded: true });
    calls.ticket.mockResolvedValue(ticket('second'));
    FakeSocket.last.closes(1006);
    for (let ms = 0; ms < 12_000; ms += 50) {
      await vi.advanceTimersByTimeAsync(50);
      if (FakeSocket.last.readyState === 0) FakeSocket.last.closes(1006);
    }
    expect(played).toHaveBeenCalledExactlyOnceWith('http://l/live/b/replay.m3u8?ticket=second');
    expect(asked()).toBe(2);
  });
  it('is asked about when the old ticket does not open the replay after all', async () => {
    refusing.now = true;
    calls.broadcast.mockRejectedValue(new Problem(404, 'not-found'));
    FakeSocket.last.says(ended);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(played).toHaveBeenCalledTimes(3);
    expect(calls.broadcast).toHaveBeenCalledOnce();
    expect(room.phase).toBe('gone');
  });
});
