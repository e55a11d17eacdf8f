import type { Person } from '../api/types';
import { locale, names, t } from '../i18n/i18n.svelte';
import type { Entry, Message, Notice, Quotation } from './types';

/** What a conversation is called: the group's name, or the people in it. */
export function titleOf(one: Pick<Entry, 'kind' | 'name' | 'people' | 'memberCount'>): string {
  if (one.kind === 'group' && one.name) return one.name;
  if (one.people.length === 0) return one.kind === 'group' ? t('chats.you') : t('chats.nobody');
  const known = names(one.people.map((person) => person.name));
  return one.memberCount - 1 > one.people.length ? `${known}…` : known;
}

/** A message in one line: its words, or what else it is. */
export function summary(message: Message, me: string): string {
  if (message.recalledAt !== null) return message.sender.id === me ? t('chats.recalled.mine') : t('chats.recalled', { name: message.sender.name });
  if (message.notice) return noticeWords(message.notice, message.sender, me);
  return contentWords(message);
}

export function contentWords(message: Pick<Message, 'text' | 'pictures' | 'file' | 'card'>): string {
  const parts: string[] = [];
  if (message.pictures?.length) parts.push(t('chats.kind.pictures'));
  if (message.file) parts.push(t('chats.kind.file', { name: message.file.name }));
  if (message.card) parts.push(t(`chats.kind.${message.card.kind}`));
  if (message.text) parts.push(message.text);
  return parts.join(' ');
}

export function quoteWords(quote: Quotation): string {
  if (quote.text) return quote.text;
  if (quote.kind === 'picture') return t('chats.kind.pictures');
  if (quote.kind === 'file') return t('chats.kind.anyFile');
  if (quote.kind === 'card') return t('chats.kind.card');
  return t('chats.quote.gone');
}

/** What a reply quotes of a message. */
export function quotationOf(message: Message): Quotation {
  const kind = message.pictures?.length ? 'picture' : message.file ? 'file' : message.card ? 'card' : 'text';
  return { seq: message.seq, id: message.id, sender: message.sender, text: message.text, kind };
}

export function noticeWords(notice: Notice, sender: Person, me: string): string {
  const who = sender.id === me ? t('chats.you') : sender.name;
  const [only] = notice.people;
  if (notice.people.length === 1 && only!.id === me && (notice.kind === 'owner' || notice.kind === 'administrator')) return t(`chats.notice.${notice.kind}.me`);
  // "You joined", but "Anna added you".
  const you = t(notice.kind === 'joined' ? 'chats.you' : 'chats.you.whom');
  return t(`chats.notice.${notice.kind}`, { who, people: names(notice.people.map((person) => (person.id === me ? you : person.name))), name: notice.name ?? '' });
}

const dayOf = (time: Date) => new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();
const daysAgo = (time: Date, now: Date) => Math.round((dayOf(now) - dayOf(time)) / 86_400_000);

// Twelve or twenty-four hours as the device has it: that is no matter of the language.
const { hour12 } = new Intl.DateTimeFormat(undefined, { hour: 'numeric' }).resolvedOptions();

export const clock = (iso: string): string => new Intl.DateTimeFormat(locale(), { hour: hour12 ? 'numeric' : '2-digit', minute: '2-digit', hour12 }).format(new Date(iso));

/** For the list: the time today, the weekday this week, else the date. */
export function shortTime(iso: string, now = new Date()): string {
  const time = new Date(iso);
  const days = daysAgo(time, now);
  if (days <= 0) return clock(iso);
  if (days === 1) return t('chats.yesterday');
  if (days < 7) return new Intl.DateTimeFormat(locale(), { weekday: 'short' }).format(time);
  return new Intl.DateTimeFormat(locale(), { day: 'numeric', month: 'short', ...(time.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }) }).format(time);
}

/** For the line between two days. */
export function dayWords(iso: string, now = new Date()): string {
  const time = new Date(iso);
  const days = daysAgo(time, now);
  if (days <= 0) return t('chats.today');
  if (days === 1) return t('chats.yesterday');
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'full' }).format(time);
}
