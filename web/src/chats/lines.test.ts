import { describe, expect, it } from 'vitest';
import { lines } from './lines';
import type { Queued } from './outbox.svelte';
import type { Message } from './types';

const at = (day: number, minute: number) => new Date(2026, 0, day, 12, minute).toISOString();
const message = (seq: number, sender: string, sentAt: string, more: Partial<Message> = {}): Message => ({
  conversation: 'c', seq, id: `id${seq}`, clientId: `client${seq}`, sender: { id: sender, handle: sender, name: sender }, text: 'x', sentAt, replyTo: null, mentions: [], recalledAt: null, ...more,
});
const queued = (clientId: string, createdAt: string): Queued => ({ clientId, conversation: 'c', text: 'x', replyTo: null, mentions: [], createdAt, order: 1, state: 'waiting' });
const shape = (list: ReturnType<typeof lines>) => list.map((one) => ('first' in one ? `${one.kind}${one.first ? ' first' : ''}${one.last ? ' last' : ''}` : one.kind));

describe('the lines of a conversation', () => {
  it('puts messages of one person close in time together, and a line before each day', () => {
    const list = lines([message(1, 'a', at(1, 0)), message(2, 'a', at(1, 1)), message(3, 'b', at(1, 2)), message(4, 'b', at(1, 40)), message(5, 'b', at(2, 0))], [], 'a', null);
    expect(shape(list)).toEqual(['day', 'message first', 'message last', 'message first last', 'message first last', 'day', 'message first last']);
  });
  it('marks where the unread begin: at the first of somebody else', () => {
    const list = lines([message(1, 'b', at(1, 0)), message(2, 'me', at(1, 1)), message(3, 'b', at(1, 2))], [], 'me', 1);
    expect(shape(list)).toEqual(['day', 'message first last', 'message first last', 'unread', 'message first last']);
    expect(shape(lines([message(1, 'b', at(1, 0))], [], 'me', 1))).not.toContain('unread');
  });
  it('shows a recalled message as a notice that joins no group', () => {
    const list = lines([message(1, 'a', at(1, 0)), message(2, 'a', at(1, 1), { recalledAt: at(1, 2), text: null }), message(3, 'a', at(1, 2))], [], 'me', null);
    expect(shape(list)).toEqual(['day', 'message first last', 'notice', 'message first last']);
  });
  it('shows what waits once, also while its answer and its event cross', () => {
    const list = lines([message(1, 'me', at(1, 0))], [queued('client1', at(1, 0)), queued('other', at(1, 1))], 'me', null);
    expect(shape(list)).toEqual(['day', 'message first', 'queued last']);
  });
  it('never uses a key twice, whatever others choose as clientId and however the clock jumps', () => {
    const list = lines([message(1, 'a', at(2, 0), { clientId: 'same' }), message(2, 'me', at(1, 0), { clientId: 'same' }), message(3, 'b', at(2, 0), { clientId: 'same' })], [queued('same', at(1, 0)), queued('q', at(2, 1))], 'me', 0);
    const keys = list.map((one) => one.key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
