import { describe, expect, it } from 'vitest';
import { Problem } from '../api/http';
import { Thread } from './thread.svelte';
import type { Details, Message } from './types';

const base = Date.UTC(2026, 0, 1);
function world(count: number) {
  const all: Message[] = [];
  const add = (text = '') => all.push({
    conversation: 'c', seq: all.length + 1, id: `id${all.length + 1}`, clientId: `client${all.length + 1}`, sender: { id: 'b', handle: 'b', name: 'B' }, text: text || `m${all.length + 1}`,
    sentAt: new Date(base + all.length * 1000).toISOString(), replyTo: null, mentions: [], recalledAt: null,
  });
  for (let one = 0; one < count; one++) add();
  const state = { all, add, offline: false, asked: 0, fromSeq: 0, meanwhile: () => {} };
  const api = {
    messages: async (_: string, where: { after: number } | { before: number }, limit: number) => {
      state.asked++;
      if (state.offline) throw new Problem(0, 'offline');
      const mine = all.filter((one) => one.seq > state.fromSeq).map((one) => ({ ...one }));
      const found = 'after' in where ? mine.filter((one) => one.seq > where.after).slice(0, limit) : mine.filter((one) => one.seq < where.before).slice(-limit);
      state.meanwhile();
      return found;
    },
    details: async () => {
      if (state.offline) throw new Problem(0, 'offline');
      return { id: 'c', kind: 'direct', name: null, createdAt: '', fromSeq: state.fromSeq, lastSeq: all.length, readSeq: 0, muted: false, pinned: false, role: 'member', mayWrite: true, members: [] } as Details;
    },
  };
  return Object.assign(state, { thread: new Thread('c', api) });
}
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const seqs = (thread: Thread) => thread.messages.map((one) => one.seq);

describe('a conversation as far as it is loaded', () => {
  it('opens at the newest and pages back to the very first', async () => {
    const { thread } = world(180);
    await thread.open();
    expect(seqs(thread)).toEqual(range(131, 180));
    expect(thread.atEnd).toBe(true);
    for (let page = 0; page < 5; page++) await thread.older();
    expect(seqs(thread)).toEqual(range(1, 180));
    expect(thread.atStart).toBe(true);
  });

  it('walks through a lifetime with a window and finds its way back', async () => {
    const { thread } = world(2000);
    await thread.open();
    for (let page = 0; page < 20; page++) await thread.older();
    expect(thread.messages.length).toBe(400);
    expect(thread.atEnd).toBe(false);
    const first = seqs(thread)[0]!;
    expect(seqs(thread)).toEqual(range(first, first + 399));
    while (!thread.atEnd) await thread.newer();
    expect(seqs(thread)).toEqual(range(1601, 2000));
  });

  it('takes messages as they come, and reads what is missing when there is a gap', async () => {
    const { thread, all, add } = world(3);
    await thread.open();
    add();
    thread.take(all[3]!);
    expect(seqs(thread)).toEqual(range(1, 4));
    add();
    add();
    thread.take(all[5]!);
    await thread.catchUp();
    expect(seqs(thread)).toEqual(range(1, 6));
  });

  it('gets everything in order after being away: several pages, and what was recalled meanwhile', async () => {
    const state = world(60);
    await state.thread.open();
    for (let one = 0; one < 300; one++) state.add();
    state.all[58] = { ...state.all[58]!, text: null, recalledAt: 'then' };
    await state.thread.catchUp();
    expect(seqs(state.thread)).toEqual(range(11, 360));
    expect(state.thread.messages.find((one) => one.seq === 59)!.recalledAt).toBe('then');
  });

  it('shows the newest when it was away for very long, with the rest above', async () => {
    const state = world(60);
    await state.thread.open();
    for (let one = 0; one < 5000; one++) state.add();
    state.asked = 0;
    await state.thread.catchUp();
    expect(state.asked).toBeLessThan(8);
    expect(seqs(state.thread)).toEqual(range(5011, 5060));
    await state.thread.older();
    expect(seqs(state.thread)).toEqual(range(4961, 5060));
  });

  it('leaves whoever reads old messages where they are', async () => {
    const state = world(600);
    await state.thread.open(100);
    const before = seqs(state.thread);
    expect(before).toContain(100);
    state.add();
    state.thread.take(state.all[600]!);
    await state.thread.catchUp();
    expect(seqs(state.thread)).toEqual(before);
    expect(state.thread.atEnd).toBe(false);
    await state.thread.toNewest();
    expect(state.thread.last).toBe(601);
  });

  it('knows of what was said while the last page was on its way', async () => {
    const state = world(130);
    await state.thread.open(100);
    expect(state.thread.last).toBe(125);
    state.meanwhile = () => {
      state.meanwhile = () => {};
      state.add();
      state.thread.take(state.all[130]!);
    };
    await state.thread.newer();
    expect(state.thread.last).toBe(130);
    expect(state.thread.atEnd).toBe(false);
    await state.thread.newer();
    expect(state.thread.last).toBe(131);
  });

  it('asks no further where the server has nothing older', async () => {
    const state = world(20);
    await state.thread.open();
    state.all.splice(0, 5);
    state.thread.messages = state.thread.messages.slice(5);
    expect(state.thread.atStart).toBe(false);
    await state.thread.older();
    expect(state.thread.atStart).toBe(true);
  });

  it('keeps following after a catch-up that failed', async () => {
    const state = world(10);
    await state.thread.open();
    for (let one = 0; one < 5; one++) state.add();
    state.offline = true;
    await state.thread.catchUp();
    expect(state.thread.problem).toBeInstanceOf(Problem);
    state.offline = false;
    await state.thread.catchUp();
    expect(seqs(state.thread)).toEqual(range(1, 15));
  });

  it('begins where a later member joined', async () => {
    const state = world(20);
    state.fromSeq = 15;
    await state.thread.open();
    expect(seqs(state.thread)).toEqual(range(16, 20));
    expect(state.thread.atStart).toBe(true);
  });

  it('changes a message and those that quote it', async () => {
    const state = world(2);
    state.all[1]!.replyTo = { seq: 1, id: 'id1', sender: state.all[0]!.sender, text: 'm1' };
    await state.thread.open();
    state.thread.change(1, 'id1', (one) => ({ ...one, text: null, recalledAt: 'now' }));
    expect(state.thread.messages[0]!.text).toBeNull();
    expect(state.thread.messages[1]!.replyTo!.text).toBeNull();
    expect(state.thread.messages[1]!.text).toBe('m2');
  });
});
