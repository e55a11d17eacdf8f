import type { Member } from './types';

export interface Typed { from: number; to: number; query: string }

/** The mention that is being typed at the cursor: from an @ at the start of a word to the cursor. */
export function openMention(text: string, cursor: number): Typed | null {
  const before = text.slice(0, cursor);
  // After a letter it is an address (me@example.org); after a Chinese character it is a mention.
  const found = /(?:^|[^\w@])@([^\s@]{0,30})$/.exec(before);
  if (!found) return null;
  const query = found[1]!;
  return { from: cursor - query.length - 1, to: cursor, query };
}

/** Those whose name stands in the text behind an @; of names that begin alike only the longest at its place counts. */
export function mentionedIn(text: string, people: readonly Member[]): string[] {
  const found = new Set<string>();
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    const rest = text.slice(at + 1);
    const named = people.filter((one) => rest.startsWith(one.name));
    const longest = Math.max(0, ...named.map((one) => one.name.length));
    for (const one of named) if (one.name.length === longest) found.add(one.id);
  }
  return [...found].slice(0, 50);
}

export function matching(people: readonly Member[], query: string): Member[] {
  const wanted = query.toLowerCase();
  return people.filter((one) => one.name.toLowerCase().includes(wanted) || one.handle.includes(wanted)).slice(0, 8);
}
