import type { Message } from './types';

// A conversation's messages on this side are one span without gaps: first to last, each number once. These functions keep it one.

/** A message can be recalled for this long; nothing older changes. */
const recallMs = 120_000;

export type Span = readonly Message[];

export const lastSeq = (span: Span): number => span.at(-1)?.seq ?? 0;

/** The span with what a page says: known messages are replaced, and what follows or precedes without a gap joins it. A page beyond a gap changes nothing. */
export function join(span: Span, page: readonly Message[]): Span {
  if (page.length === 0) return span;
  if (span.length === 0) return page;
  const first = span[0]!.seq;
  const last = lastSeq(span);
  if (page[0]!.seq > last + 1 || page.at(-1)!.seq < first - 1) return span;
  const before = page.filter((one) => one.seq < first);
  const after = page.filter((one) => one.seq > last);
  const fresh = new Map(page.filter((one) => one.seq >= first && one.seq <= last).map((one) => [one.seq, one]));
  const middle = fresh.size === 0 ? span : span.map((one) => fresh.get(one.seq) ?? one);
  return [...before, ...middle, ...after];
}

/**
 * Where to read from after the connection was away (docs/protocol.md): beginning at the oldest message that could still be recalled then. By the server's own clock: what
 * was younger than two minutes when the connection was lost is younger than two minutes before the newest message.
 */
export function resumeAfter(span: Span): number {
  const newest = span.at(-1);
  if (!newest) return 0;
  const since = Date.parse(newest.sentAt) - recallMs;
  const oldest = span.find((one) => Date.parse(one.sentAt) >= since) ?? newest;
  return oldest.seq - 1;
}

/** At most `most` messages, dropping from the end that is farther away from where the reader is. */
export function trim(span: Span, most: number, keep: 'start' | 'end'): Span {
  if (span.length <= most) return span;
  return keep === 'start' ? span.slice(0, most) : span.slice(span.length - most);
}
