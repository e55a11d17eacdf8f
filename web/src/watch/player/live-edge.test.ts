import { describe, expect, it } from 'vitest';
import { LiveEdge, tuning } from './live-edge';

/** Plays against data that arrives in fragments, some late, in steps of 50 ms. */
function simulate(edge: LiveEdge, options: { behind: number; seconds: number; fragment?: number; late?: (n: number) => number }) {
  const fragment = options.fragment ?? 0.1;
  let current = 100;
  let end = current + options.behind;
  let next = 0;
  let count = 0;
  let rate = 1;
  let stalls = 0;
  const rates: number[] = [];
  let seeks = 0;
  for (let now = 0; now < options.seconds * 1000; now += 50) {
    while (now >= next) {
      end += fragment;
      edge.arrived(now, end);
      count++;
      next = count * fragment * 1000 + (options.late?.(count) ?? 0);
    }
    if (end - current > 0.02) current = Math.min(end, current + 0.05 * rate);
    else { stalls++; edge.stalled(); }
    const advice = edge.update({ now, currentTime: current, end, held: false });
    rate = advice.rate;
    rates.push(rate);
    if (advice.seek !== null) { current = advice.seek; seeks++; }
  }
  return { behind: end - current, rates, seeks, stalls, target: edge.target };
}

describe('the live edge', () => {
  it('comes from two seconds behind to its target by small speed changes, without a jump', () => {
    const result = simulate(new LiveEdge(), { behind: 2, seconds: 60 });
    expect(result.seeks).toBe(0);
    expect(result.behind).toBeLessThan(0.5);
    expect(Math.max(...result.rates)).toBeLessThanOrEqual(tuning.fastest);
    expect(Math.min(...result.rates)).toBeGreaterThanOrEqual(tuning.slowest);
  });
  it('settles at normal speed between 0.2 and 0.45 s on a steady network and never runs dry', () => {
    const result = simulate(new LiveEdge(), { behind: 0.3, seconds: 60 });
    expect(result.behind).toBeGreaterThan(0.15);
    expect(result.behind).toBeLessThan(0.5);
    expect(result.stalls).toBe(0);
    const settled = result.rates.slice(-400);
    expect(settled.filter((rate) => rate === 1).length / settled.length).toBeGreaterThan(0.7);
  });
  it('keeps more when data comes unevenly', () => {
    const uneven = simulate(new LiveEdge(), { behind: 0.3, seconds: 60, late: (n) => (n % 10 === 0 ? 400 : 0) });
    expect(uneven.target).toBeGreaterThan(0.45);
    expect(uneven.target).toBeLessThan(1.2);
  });
  it('jumps only when more than four seconds behind', () => {
    const edge = new LiveEdge();
    expect(edge.update({ now: 0, currentTime: 10, end: 13.9, held: false }).seek).toBeNull();
    const seek = edge.update({ now: 50, currentTime: 10, end: 20, held: false }).seek;
    expect(seek).toBeGreaterThan(19);
    expect(seek).toBeLessThan(20);
  });
  it('leaves alone whoever paused or looked back', () => {
    expect(new LiveEdge().update({ now: 0, currentTime: 10, end: 50, held: true })).toEqual({ rate: 1, seek: null });
  });
  it('begins near the end of the first data, never before its start', () => {
    const edge = new LiveEdge();
    expect(edge.begin(0, 5, 7)).toBeCloseTo(6.7);
    expect(edge.begin(0, 6.9, 7)).toBe(6.9);
  });
  it('while starting follows a burst of older data by a jump', () => {
    const edge = new LiveEdge();
    edge.begin(0, 5, 5.1);
    expect(edge.update({ now: 200, currentTime: 5, end: 7, held: false }).seek).toBeGreaterThan(6.5);
    expect(edge.update({ now: 3000, currentTime: 6, end: 8, held: false }).seek).toBeNull();
  });
  it('keeps more after it ran dry, and forgets it slowly', () => {
    const edge = new LiveEdge();
    const before = edge.target;
    edge.stalled();
    expect(edge.target).toBeGreaterThan(before + 0.15);
    for (let now = 0; now < 60_000; now += 250) edge.update({ now, currentTime: now / 1000, end: now / 1000 + 0.4, held: false });
    expect(edge.target).toBeLessThanOrEqual(0.3);
  });
});
