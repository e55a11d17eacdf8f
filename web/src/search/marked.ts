import type { Marked } from './types';

export interface Piece { text: string; found: boolean }

/** A marked text in pieces. Marks that overlap or do not lie in the text do no harm. */
export function pieces({ text, marks }: Marked): Piece[] {
  const all: Piece[] = [];
  let done = 0;
  for (const [start, end] of [...marks].sort((a, b) => a[0] - b[0])) {
    const from = Math.max(done, start);
    const to = Math.min(text.length, end);
    if (to <= from) continue;
    if (from > done) all.push({ text: text.slice(done, from), found: false });
    all.push({ text: text.slice(from, to), found: true });
    done = to;
  }
  if (done < text.length) all.push({ text: text.slice(done), found: false });
  return all;
}

export const plain = (text: string): Marked => ({ text, marks: [] });
