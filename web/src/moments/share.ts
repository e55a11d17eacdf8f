import type { MomentCard } from './types';

/** The page on which something is shared to moments. */
export const shareUrl = (card: MomentCard): string => `/moments?share=${card.kind}.${card.id}`;

/** What the address asks to share. */
export function cardOf(search: string): MomentCard | null {
  const [, kind, id] = /^(broadcast|article)\.([0-9a-f]{32})$/.exec(new URLSearchParams(search).get('share') ?? '') ?? [];
  return kind && id ? { kind: kind as MomentCard['kind'], id } : null;
}
