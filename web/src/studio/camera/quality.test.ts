import { describe, expect, it } from 'vitest';
import { judge, QualityMeter, type Reading } from './quality';

const fine: Reading = { lost: 0, roundTripMs: 40, framesPerSecond: 30, bitsPerSecond: 2_000_000, limitedBy: 'none' };

describe('network quality', () => {
  it('says nothing before the server has reported', () => {
    expect(judge({ ...fine, lost: null })).toBe('unknown');
    expect(judge({ ...fine, roundTripMs: null })).toBe('unknown');
  });

  it('tells a good network from a fair and a poor one', () => {
    expect(judge(fine)).toBe('good');
    expect(judge({ ...fine, lost: 0.04 })).toBe('fair');
    expect(judge({ ...fine, roundTripMs: 400 })).toBe('fair');
    expect(judge({ ...fine, limitedBy: 'bandwidth' })).toBe('fair');
    expect(judge({ ...fine, limitedBy: 'bandwidth', bitsPerSecond: 200_000 })).toBe('poor');
    expect(judge({ ...fine, lost: 0.2 })).toBe('poor');
  });

  it('does not blame the network for a slow device', () => {
    expect(judge({ ...fine, limitedBy: 'cpu', framesPerSecond: 9 })).toBe('slowDevice');
    expect(judge({ ...fine, limitedBy: 'cpu', framesPerSecond: 28 })).toBe('good');
  });

  it('waits until the browser has found out how much it may send', () => {
    const slow: Reading = { ...fine, limitedBy: 'bandwidth', bitsPerSecond: 270_000 };
    const meter = new QualityMeter();
    for (let look = 0; look < 5; look++) expect(meter.read(slow)).toBe('unknown');
    meter.read(slow);
    expect(meter.read(slow)).toBe('poor');
    const lossy = new QualityMeter();
    expect(lossy.read({ ...slow, lost: 0.3 })).toBe('poor');
  });

  it('is not impressed by one bad look', () => {
    const meter = new QualityMeter();
    expect(meter.read(fine)).toBe('good');
    expect(meter.read(fine)).toBe('good');
    expect(meter.read({ ...fine, lost: 0.3 })).toBe('good');
    expect(meter.read({ ...fine, lost: 0.3 })).toBe('poor');
  });
});
