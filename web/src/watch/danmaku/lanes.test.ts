import { describe, expect, it } from 'vitest';
import { Lanes, type Flight } from './lanes';

const picture = 400;
const left = (flight: Flight, width: number, now: number) => picture - ((now - flight.startsAt) / flight.durationMs) * (picture + width);

describe('danmaku lanes', () => {
  it('never let two comments of one lane touch', () => {
    const lanes = new Lanes(8000, 24);
    lanes.resize(3);
    let seed = 7;
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const flying: { flight: Flight; width: number }[] = [];
    for (let now = 0; now < 120_000; now += 150) {
      const width = 30 + Math.floor(random() * 500);
      const flight = lanes.place(now, width, picture);
      if (flight) flying.push({ flight, width });
      const inAir = flying.filter(({ flight }) => now < flight.startsAt + flight.durationMs);
      for (const a of inAir) {
        for (const b of inAir) {
          if (a === b || a.flight.lane !== b.flight.lane || a.flight.startsAt > b.flight.startsAt) continue;
          expect(left(a.flight, a.width, now) + a.width).toBeLessThan(left(b.flight, b.width, now));
        }
      }
    }
    expect(flying.length).toBeGreaterThan(30);
  });
  it('leave a comment out when all are taken, so that the number in flight is bounded', () => {
    const lanes = new Lanes();
    lanes.resize(2);
    expect([0, 0, 0].map((now) => lanes.place(now, 100, picture)?.lane)).toEqual([0, 1, undefined]);
  });
  it('have none when the picture is too small for one', () => {
    expect(new Lanes().place(0, 10, picture)).toBeNull();
  });
});
