import { afterEach, describe, expect, it } from 'vitest';
import { Problem } from '../api/http';
import { most, Outbox, type Shelf } from './outbox.svelte';
import type { Sending, Sent } from './calls';
import type { Message } from './types';

const me = { id: 'me', handle: 'me', name: 'Me' };
const draft = (text: string, conversation = 'c') => ({ conversation, text, replyTo: null, mentions: [] });
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));
const open: Outbox[] = [];

function shelf(kept = new Map<string, string>()): Shelf & { kept: Map<string, string> } {
  return { kept, keys: () => [...kept.keys()], get: (key) => kept.get(key) ?? null, set: (key, value) => void kept.set(key, value), remove: (key) => void kept.delete(key) };
}

function outbox(send: (conversation: string, body: Sending) => Promise<Sent>, on = shelf()) {
  const sent: Message[] = [];
  const waits: number[] = [];
  const box = new Outbox(me, { shelf: on, send, onSent: (message) => sent.push(message), wait: async (ms, wake) => { waits.push(ms); await new Promise<void>((resolve) => wake(resolve)); } });
  open.push(box);
  return { box, sent, waits, on };
}

/** A server that numbers what it takes and, like the real one, knows a clientId again. */
function server() {
  const taken: Sending[] = [];
  const send = async (_: string, body: Sending): Promise<Sent> => {
    let seq = taken.findIndex((one) => one.clientId === body.clientId) + 1;
    if (seq === 0) seq = taken.push(body);
    return { seq, id: `id${seq}`, clientId: body.clientId, sentAt: '2026-01-01T00:00:00Z' };
  };
  return { taken, send };
}

afterEach(() => open.splice(0).forEach((box) => box.end()));

describe('the outbox', () => {
  it('sends one after the other in the order of writing, and forgets what was acknowledged', async () => {
    const { taken, send } = server();
    const { box, sent, on } = outbox(send);
    for (const text of ['one', 'two', 'three']) expect(box.write(draft(text))).toBe(true);
    expect(on.kept.size).toBe(3);
    await settled();
    expect(taken.map((one) => one.text)).toEqual(['one', 'two', 'three']);
    expect(sent.map((one) => [one.seq, one.text])).toEqual([[1, 'one'], [2, 'two'], [3, 'three']]);
    expect(box.all).toEqual([]);
    expect(on.kept.size).toBe(0);
  });

  it('tries again without a network, keeps the order, and repeats the same clientId', async () => {
    const { taken, send } = server();
    let offline = true;
    const tried: string[] = [];
    const { box, waits } = outbox(async (conversation, body) => {
      tried.push(body.clientId);
      if (!offline) return send(conversation, body);
      if (tried.length === 2) await send(conversation, body); // it arrived, and the answer was lost
      throw new Problem(0, 'offline');
    });
    box.write(draft('one'));
    box.write(draft('two'));
    await settled();
    box.wake();
    await settled();
    expect(waits.length).toBe(2);
    expect(waits[1]!).toBeGreaterThan(waits[0]!);
    expect(new Set(tried).size).toBe(1);
    offline = false;
    box.wake();
    await settled();
    expect(taken.map((one) => one.text)).toEqual(['one', 'two']);
  });

  it('waits as long as the server asks', async () => {
    const { box, waits } = outbox(() => Promise.reject(new Problem(429, 'throttled', {}, {}, 30)));
    box.write(draft('one'));
    await settled();
    expect(waits[0]).toBeGreaterThanOrEqual(30_000);
  });

  it('keeps what was refused as failed, goes on with the rest, and sends it again when told to', async () => {
    const { taken, send } = server();
    let refuse = true;
    const { box, on } = outbox((conversation, body) => (refuse && body.text === 'one' ? Promise.reject(new Problem(403, 'not-friends')) : send(conversation, body)));
    box.write(draft('one'));
    box.write(draft('two'));
    await settled();
    expect(box.all.map((one) => [one.text, one.state, one.code])).toEqual([['one', 'failed', 'not-friends']]);
    expect(on.kept.size).toBe(1);
    const { clientId } = box.all[0]!;
    refuse = false;
    box.retry(clientId);
    await settled();
    expect(taken.map((one) => one.text)).toEqual(['two', 'one']);
    expect(taken[1]!.clientId).toBe(clientId);
    expect(on.kept.size).toBe(0);
  });

  it('goes on after a restart with what the device kept, in order', async () => {
    const kept = shelf();
    const first = outbox(() => new Promise<Sent>(() => {}), kept);
    for (const text of ['one', 'two', 'three']) first.box.write(draft(text));
    first.box.end();
    const { taken, send } = server();
    outbox(send, kept);
    await settled();
    expect(taken.map((one) => one.text)).toEqual(['one', 'two', 'three']);
    expect(kept.kept.size).toBe(0);
  });

  it('shows nothing of another account, and survives a broken entry', async () => {
    const kept = shelf(new Map([['weir.outbox.other.x', '{}'], ['weir.outbox.me.broken', '{"clientId":'], ['unrelated', 'x']]));
    const { box } = outbox(server().send, kept);
    expect(box.all).toEqual([]);
    expect([...kept.kept.keys()]).toEqual(['weir.outbox.other.x', 'unrelated']);
  });

  it('holds a bounded number and says so', () => {
    const { box } = outbox(() => new Promise<Sent>(() => {}));
    for (let one = 0; one < most; one++) expect(box.write(draft(`${one}`))).toBe(true);
    expect(box.write(draft('too much'))).toBe(false);
  });

  it('does not hold up one conversation for another', async () => {
    const { taken, send } = server();
    const { box } = outbox((conversation, body) => (conversation === 'stuck' ? new Promise<Sent>(() => {}) : send(conversation, body)));
    box.write(draft('one', 'stuck'));
    box.write(draft('two', 'free'));
    await settled();
    expect(taken.map((one) => one.text)).toEqual(['two']);
  });
});
