/** How the upload does, in words a person understands. */
export type Quality = 'unknown' | 'good' | 'fair' | 'poor' | 'slowDevice';

/** What was counted between two looks at the connection. */
export interface Reading {
  /** Share of packets that the server reported lost, 0 to 1; null before its first report. */
  lost: number | null;
  /** There and back, ms; null before the first report. */
  roundTripMs: number | null;
  framesPerSecond: number | null;
  bitsPerSecond: number;
  /** Why the browser sends less than it was asked to. */
  limitedBy: 'none' | 'bandwidth' | 'cpu' | 'other';
}

const looks = 3;
/** A browser begins low and finds out in its first seconds how much it may send: until then that it sends little says nothing. */
const findingOut = 5;

/** Names the quality; one odd look changes nothing, the middle of the last three does. */
export class QualityMeter {
  #last: Quality[] = [];
  #read = 0;

  read(reading: Reading): Quality {
    const early = this.#read++ < findingOut && reading.limitedBy === 'bandwidth';
    const judged = judge(early ? { ...reading, limitedBy: 'none' } : reading);
    this.#last = [...this.#last.slice(1 - looks), early && judged === 'good' ? 'unknown' : judged];
    const order: Quality[] = ['unknown', 'good', 'fair', 'slowDevice', 'poor'];
    const sorted = [...this.#last].sort((a, b) => order.indexOf(a) - order.indexOf(b));
    return sorted[Math.floor(sorted.length / 2)]!;
  }
}

export function judge({ lost, roundTripMs, framesPerSecond, bitsPerSecond, limitedBy }: Reading): Quality {
  if (lost === null || roundTripMs === null) return 'unknown';
  if (lost > 0.08 || roundTripMs > 800 || (limitedBy === 'bandwidth' && bitsPerSecond < 350_000)) return 'poor';
  if (limitedBy === 'cpu' && framesPerSecond !== null && framesPerSecond < 18) return 'slowDevice';
  if (lost > 0.02 || roundTripMs > 300 || limitedBy === 'bandwidth') return 'fair';
  return 'good';
}
