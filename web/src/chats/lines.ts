import type { Queued } from './outbox.svelte';
import type { Message } from './types';

export type Line =
  | { kind: 'day'; key: string; at: string }
  | { kind: 'unread'; key: string }
  | { kind: 'notice'; key: string; message: Message }
  | { kind: 'message'; key: string; message: Message; mine: boolean; first: boolean; last: boolean }
  | { kind: 'queued'; key: string; queued: Queued; first: boolean; last: boolean };

const togetherMs = 5 * 60_000;
const day = (iso: string) => new Date(iso).toDateString();

/** What a conversation shows, in order: a line for each new day, the unread mark, messages of one person close in time as a group, and what waits to be sent. */
export function lines(messages: readonly Message[], queued: readonly Queued[], me: string, unreadAfter: number | null): Line[] {
  const result: Line[] = [];
  let before: { sender: string; at: number } | null = null;
  let today = '';
  let marked = unreadAfter === null;

  // Keys hold the message's own, never a time alone: a server's clock may be set back.
  const startDay = (at: string, key: string) => {
    if (day(at) === today) return;
    today = day(at);
    before = null;
    result.push({ kind: 'day', key: `day ${key}`, at });
  };
  const add = (at: string, sender: string, make: (first: boolean) => Line) => {
    const time = Date.parse(at);
    const first = !(before !== null && sender !== '' && before.sender === sender && Math.abs(time - before.at) < togetherMs);
    const previous = result.at(-1);
    if (!first && previous && 'last' in previous) previous.last = false;
    result.push(make(first));
    before = { sender, at: time };
  };

  const sent = new Set<string>();
  for (const message of messages) {
    const mine = message.sender.id === me;
    // A message of mine keeps its place in the page when it turns from queued to sent. Another's clientId may equal mine.
    const key = mine ? `mine ${message.clientId}` : message.id;
    if (mine) sent.add(message.clientId);
    startDay(message.sentAt, key);
    if (!marked && message.seq > unreadAfter! && !mine && !message.notice) {
      marked = true;
      before = null;
      result.push({ kind: 'unread', key: 'unread' });
    }
    if (message.recalledAt !== null || message.notice) add(message.sentAt, '', () => ({ kind: 'notice', key, message }));
    else add(message.sentAt, message.sender.id, (first) => ({ kind: 'message', key, message, mine, first, last: true }));
  }
  for (const one of queued) {
    if (sent.has(one.clientId)) continue;
    const key = `mine ${one.clientId}`;
    startDay(one.createdAt, key);
    add(one.createdAt, me, (first) => ({ kind: 'queued', key, queued: one, first, last: true }));
  }
  return result;
}
