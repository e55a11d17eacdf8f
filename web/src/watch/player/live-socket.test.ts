import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../../api/http';
import type { Ticket } from '../../api/types';
import { LiveSocket, type SocketEvents } from './live-socket';

class FakeSocket {
  static OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  binaryType = '';
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor(readonly url: string) { FakeSocket.all.push(this); }
  send(text: string) { this.sent.push(text); }
  close() { this.readyState = 3; }
  opens() {
    this.readyState = 1;
    this.onopen?.();
    this.says({ type: 'hello', mime: 'video/mp4', live: true, at: 0, you: {}, epoch: 1 });
  }
  says(message: unknown) { this.onmessage?.({ data: JSON.stringify(message) }); }
  closes(code: number) { this.readyState = 3; this.onclose?.({ code }); }
}

const ticket = (name: string): Ticket => ({
  ticket: name, expiresAt: '', watch: { websocket: `ws://live/live/1/watch?ticket=${name}`, hls: '', flv: '', rtmp: '', whep: '', replay: '' },
});

describe('the watch socket', () => {
  const page = Object.assign(new EventTarget(), { hidden: false });
  let on: { [Name in keyof SocketEvents]: ReturnType<typeof vi.fn<SocketEvents[Name]>> };
  let socket: LiveSocket;
  const last = () => FakeSocket.all.at(-1)!;
  const start = (media = true) => (socket = new LiveSocket(ticket('first'), media, on));

  beforeEach(() => {
    vi.useFakeTimers();
    FakeSocket.all = [];
    const window = new EventTarget();
    vi.stubGlobal('WebSocket', FakeSocket);
    vi.stubGlobal('document', page);
    vi.stubGlobal('navigator', { onLine: true });
    vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
    vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
    vi.stubGlobal('dispatchEvent', window.dispatchEvent.bind(window));
    on = { event: vi.fn(), media: vi.fn(), state: vi.fn(), over: vi.fn(), renew: vi.fn(async () => ticket('second')), unopened: vi.fn() };
    return () => {
      socket.stop();
      vi.useRealTimers();
      vi.unstubAllGlobals();
    };
  });

  it('leaves a server alone for as long as it asks', async () => {
    on.renew.mockRejectedValueOnce(new Problem(429, 'throttled', {}, {}, 30));
    start();
    last().closes(1006);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(on.renew).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(2000);
    expect(on.renew).toHaveBeenCalledTimes(2);
    await vi.advanceTimersByTimeAsync(0);
    expect(last().url).toContain('ticket=second');
  });

  it('comes back within a moment, with the same ticket, when the node restarts', async () => {
    start();
    last().opens();
    last().closes(1012);
    expect(on.state).toHaveBeenLastCalledWith('lost');
    await vi.advanceTimersByTimeAsync(150);
    expect(FakeSocket.all).toHaveLength(2);
    expect(last().url).toContain('ticket=first');
    expect(on.renew).not.toHaveBeenCalled();
  });
  it('asks for a new ticket when a connection does not even open', async () => {
    start();
    last().closes(1006);
    await vi.advanceTimersByTimeAsync(150);
    expect(on.unopened).toHaveBeenCalledWith(1);
    expect(last().url).toContain('ticket=second');
  });
  it('goes on trying while nobody answers', async () => {
    on.renew.mockRejectedValue(new Error('offline'));
    start();
    last().closes(1006);
    await vi.advanceTimersByTimeAsync(30_000);
    expect(on.renew.mock.calls.length).toBeGreaterThan(5);
    on.renew.mockResolvedValue(ticket('third'));
    await vi.advanceTimersByTimeAsync(5_100);
    expect(last().url).toContain('ticket=third');
  });
  it.each([[4403, 'cut'], [4410, 'ended'], [4429, 'tooMany']] as const)('takes %i for the end of it', async (code, why) => {
    start();
    last().opens();
    last().closes(code);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(on.over).toHaveBeenCalledExactlyOnceWith(why, undefined);
    expect(FakeSocket.all).toHaveLength(1);
  });
  it('needs no close code after the message that says cut', async () => {
    start();
    last().opens();
    last().says({ type: 'cut' });
    expect(on.over).toHaveBeenCalledExactlyOnceWith('cut', undefined);
    expect(last().readyState).toBe(3);
  });
  it('passes on what is said of the end', () => {
    start();
    last().opens();
    const ended = { type: 'ended', replay: true, after: 1200, duration: 60_000 };
    last().says(ended);
    expect(on.over).toHaveBeenCalledExactlyOnceWith('ended', ended);
  });
  it('after a connection broke comes back with the ticket it has, and asks for another at a moment of its own', async () => {
    socket = new LiveSocket(ticket('first'), true, on, () => 0.5);
    last().opens();
    last().closes(1006);
    for (let ms = 0; ms < 1400; ms += 100) {
      await vi.advanceTimersByTimeAsync(100);
      if (last().readyState === 0) last().closes(1006);
    }
    expect(FakeSocket.all.length).toBeGreaterThan(2);
    expect(on.renew).not.toHaveBeenCalled();
    for (let ms = 0; ms < 10_000; ms += 100) {
      await vi.advanceTimersByTimeAsync(100);
      if (last().readyState === 0 && on.renew.mock.calls.length === 0) last().closes(1006);
    }
    expect(on.renew).toHaveBeenCalledOnce();
    expect(last().url).toContain('ticket=second');
  });
  it('takes seven seconds of silence while live for a dead connection', async () => {
    start();
    last().opens();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(FakeSocket.all).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_500);
    expect(FakeSocket.all).toHaveLength(2);
  });
  it('connects at once when the network is back', () => {
    start();
    last().opens();
    dispatchEvent(new Event('online'));
    expect(FakeSocket.all).toHaveLength(2);
  });
  it('asks for events alone when the picture comes another way', () => {
    start(false);
    expect(last().url).toMatch(/ticket=first&media=none$/);
  });
  it('calls a connection open at its first hello only, and passes all on', () => {
    start();
    last().opens();
    last().says({ type: 'hello', mime: 'other', live: true, at: 0, you: {}, epoch: 1 });
    expect(on.state.mock.calls.filter(([state]) => state === 'open')).toHaveLength(1);
    expect(on.event).toHaveBeenCalledTimes(2);
  });
});
