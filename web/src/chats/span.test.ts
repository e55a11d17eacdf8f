import { describe, expect, it } from 'vitest';
import { join, resumeAfter, trim } from './span';
import type { Message } from './types';

const message = (seq: number, minute = seq, text = `m${seq}`): Message => ({
  conversation: 'c', seq, id: `id${seq}`, clientId: `client${seq}`, sender: { id: 'a', handle: 'a', name: 'A' }, text,
  sentAt: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString(), replyTo: null, mentions: [], recalledAt: null,
});
const seqs = (list: readonly Message[]) => list.map((one) => one.seq);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => message(from + index));

describe('the span of loaded messages', () => {
  it('grows at both ends and stays without gaps or repetitions', () => {
    expect(seqs(join(range(5, 7), range(8, 9)))).toEqual([5, 6, 7, 8, 9]);
    expect(seqs(join(range(5, 7), range(3, 5)))).toEqual([3, 4, 5, 6, 7]);
    expect(seqs(join(range(5, 7), range(2, 9)))).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(seqs(join([], range(4, 5)))).toEqual([4, 5]);
  });

  it('takes nothing from beyond a gap', () => {
    const span = range(5, 7);
    expect(join(span, range(9, 10))).toBe(span);
    expect(join(span, range(1, 3))).toBe(span);
    expect(join(span, [])).toBe(span);
  });

  it('takes the newer word on a message that it has', () => {
    expect(join(range(5, 7), [message(6, 6, 'recalled')]).map((one) => one.text)).toEqual(['m5', 'recalled', 'm7']);
  });

  it('reads on from the oldest message that could have been recalled meanwhile', () => {
    expect(resumeAfter([])).toBe(0);
    expect(resumeAfter([message(1, 0), message(2, 10)])).toBe(1);
    expect(resumeAfter([message(1, 0), message(2, 9), message(3, 10), message(4, 11)])).toBe(1);
    expect(resumeAfter(range(1, 100))).toBe(97); // one a minute: those of the last two minutes, the edge included
  });

  it('is trimmed at the far end', () => {
    expect(seqs(trim(range(1, 10), 4, 'start'))).toEqual([1, 2, 3, 4]);
    expect(seqs(trim(range(1, 10), 4, 'end'))).toEqual([7, 8, 9, 10]);
  });
});
