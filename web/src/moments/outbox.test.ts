import { afterEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../api/http';
import { MomentOutbox } from './outbox';

const open: MomentOutbox[] = [];
afterEach(() => open.splice(0).forEach((box) => box.end()));

function outbox(post = vi.fn(async () => ({ id: 'made' })), comment = vi.fn(async () => ({ id: 'said' })), kept = new Map<string, string>()) {
  const sent: string[] = [];
  const box = new MomentOutbox('me', {
    shelf: { keys: () => [...kept.keys()], get: (key) => kept.get(key) ?? null, set: (key, value) => void kept.set(key, value), remove: (key) => void kept.delete(key) },
    post, comment, onSent: (one, id) => sent.push(`${one.kind} ${id}`), wait: async () => {},
  });
  open.push(box);
  return { box, sent, kept, post, comment };
}
const draft = { text: 'Hello', audience: { kind: 'friends' as const }, pictures: [{ id: 'p', width: 1, height: 1 }], card: null };

describe('moments on their way', () => {
  it('are posted with what they carry and no more', async () => {
    const { box, sent, post, comment, kept } = outbox();
    box.publish(draft);
    box.say({ moment: 'm', text: 'Nice', replyTo: { id: 'c', author: { id: 'a', handle: 'a', name: 'A' } } });
    await expect.poll(() => sent.sort()).toEqual(['comment said', 'post made']);
    expect(post).toHaveBeenCalledWith({ clientId: expect.any(String), text: 'Hello', audience: { kind: 'friends' }, pictures: ['p'] });
    expect(comment).toHaveBeenCalledWith('m', { clientId: expect.any(String), text: 'Nice', replyTo: 'c' });
    expect(kept.size).toBe(0);
  });

  it('that the server refuses stay over a reload until a person tries again or lets them be', async () => {
    const kept = new Map<string, string>();
    const first = outbox(vi.fn(async () => Promise.reject(new Problem(400, 'card-unknown'))), undefined, kept);
    first.box.publish(draft);
    await expect.poll(() => first.box.posts[0]?.state).toBe('failed');
    first.box.end();
    const second = outbox(undefined, undefined, kept);
    expect(second.box.posts[0]).toMatchObject({ state: 'failed', code: 'card-unknown', text: 'Hello' });
    const { clientId } = second.box.posts[0]!;
    second.box.retry(clientId);
    await expect.poll(() => second.sent).toEqual(['post made']);
    expect(second.post).toHaveBeenCalledWith(expect.objectContaining({ clientId }));
  });
});
