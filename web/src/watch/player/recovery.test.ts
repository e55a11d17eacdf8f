import { describe, expect, it } from 'vitest';
import { Backoff } from './backoff';
import { closing } from './close-codes';
import { LatencyMeter } from './latency';
import { parse, streamAfter, type Hello } from './messages';

describe('reconnecting', () => {
  it('tries again almost at once, then waits longer up to five seconds, spread by half', () => {
    const slow = new Backoff(() => 1);
    expect(Array.from({ length: 8 }, () => slow.next())).toEqual([100, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    const quick = new Backoff(() => 0);
    expect(Array.from({ length: 7 }, () => quick.next())).toEqual([100, 200, 400, 800, 1600, 2500, 2500]);
    quick.reset();
    expect(quick.next()).toBe(100);
  });
  it('takes each close code for what the protocol says', () => {
    expect(closing(4403, true)).toBe('cut');
    expect(closing(4410, true)).toBe('ended');
    expect(closing(4404, true)).toBe('refused');
    expect(closing(4408, true)).toBe('tooSlow');
    expect(closing(4429, true)).toBe('tooMany');
    expect(closing(1012, true)).toBe('again');
    expect(closing(1006, true)).toBe('again');
  });
  it('takes a connection that never opened for a refusal, which a new ticket settles', () => {
    expect(closing(1006, false)).toBe('refused');
  });
});

describe('the latency readout', () => {
  it('does not depend on how the two clocks are set', () => {
    for (const skew of [0, -3_600_000, 5_000]) {
      const meter = new LatencyMeter();
      meter.heard(10_000, 1_000_000, 1_000_040 + skew);
      meter.heard(12_000, 1_002_000, 1_002_020 + skew);
      // On the screen is what arrived at 11 600, four tenths before the newest; the quickest way took 20 ms.
      expect(meter.read(11_600, 1_002_020 + skew)).toBe(400);
    }
  });
  it('says nothing before the first clock event', () => {
    expect(new LatencyMeter().read(1, 1)).toBeNull();
  });
});

describe('text messages', () => {
  it('are read when known and left out when not', () => {
    expect(parse('{"type":"viewers","count":3}')).toEqual({ type: 'viewers', count: 3 });
    expect(parse('{"type":"fireworks"}')).toBeNull();
    expect(parse('not json')).toBeNull();
    expect(parse('null')).toBeNull();
  });
});

describe('a greeting', () => {
  const hello = (live: boolean, mime: string | null): Hello => ({ type: 'hello', mime, live, at: 0, you: { account: null, name: '', host: false, mayComment: false }, epoch: 1 });

  it('tells of what changed while no socket was open', () => {
    for (const before of ['ready', 'live', 'interrupted'] as const) expect(streamAfter(hello(true, null), before)).toBe('live');
    expect(streamAfter(hello(false, null), 'live')).toBe('interrupted');
    expect(streamAfter(hello(false, 'video/mp4'), 'ready')).toBe('interrupted');
  });
  it('leaves what has not begun as it is', () => {
    expect(streamAfter(hello(false, null), 'ready')).toBe('ready');
  });
});
