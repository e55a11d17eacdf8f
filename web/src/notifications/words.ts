import { names, t } from '../i18n/i18n.svelte';
import { clock } from '../chats/words';
import type { Kind, Notice } from './types';

/** Where a tap on it leads; null where it leads nowhere. */
export function hrefOf({ place, people }: Notice): string | null {
  switch (place?.kind) {
    case 'conversation': return `/c/${place.id}${place.seq ? `?at=${place.seq}` : ''}`;
    case 'broadcast': return `/b/${place.id}`;
    case 'moment': return `/moments/${place.id}`;
    case 'article': return `/share/article/${place.id}`;
    case 'officialAccount': return '/accounts';
    case 'person': return people[0] ? `/people/${people[0].handle}` : null;
    case 'friendRequest': return people[0] ? `/people/${people[0].handle}` : '/people';
    case 'groupInvitation': return '/';
    case 'administration': return '/admin';
    default: return null;
  }
}

/** What happened, in a sentence. */
export function sentence(notice: Notice): string {
  if (notice.kind === 'summary') return t('notices.summary', { what: names(summaryParts(notice.counts ?? {})) });
  const some = notice.people.map((person) => person.name);
  const more = notice.count - some.length;
  const who = names(more > 0 ? [...some, t('notices.others', { count: more })] : some);
  const values = { who, name: notice.place?.name ?? '' };
  if (notice.kind === 'live' && notice.place?.state === 'ended') return t('notices.kind.live.ended', values);
  if ((notice.kind === 'mention' || notice.kind === 'reply' || notice.kind === 'groupRequest') && notice.place?.name) return t(`notices.kind.${notice.kind}.in`, values);
  return t(`notices.kind.${notice.kind}`, values);
}

function summaryParts(counts: Partial<Record<Kind, number>>): string[] {
  return Object.entries(counts).map(([kind, count]) => t(`notices.count.${kind as Kind}`, { count }));
}

/** "18:00" of minutes after midnight, and back. */
export const timeOf = (minutes: number): string => `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
export function minutesOf(time: string): number | null {
  const [, hours, minutes] = /^(\d\d):(\d\d)/.exec(time) ?? [];
  return hours && minutes ? Number(hours) * 60 + Number(minutes) : null;
}
/** The same in the reader's way of writing it. */
export const timeWords = (minutes: number): string => clock(new Date(2000, 0, 1, 0, minutes).toISOString());
