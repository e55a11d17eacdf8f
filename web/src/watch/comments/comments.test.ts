import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { CommentEvent, Hello } from '../player/messages';
import { Comments } from './comments.svelte';

const hello = (at = 0): Hello => ({ type: 'hello', mime: null, live: true, at, you: { account: 'me', name: 'Me', host: false, mayComment: true }, epoch: 1 });
const comment = (id: string, extra: Partial<CommentEvent> = {}): CommentEvent => ({ type: 'comment', id, account: 'a', name: 'A', text: id, at: 0, time: '', ...extra });

describe('comments', () => {
  let sent: { clientId: string; text: string }[];
  let connected: boolean;
  let comments: Comments;
  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
    connected = true;
    comments = new Comments((message) => (connected ? (sent.push(message), true) : false));
    comments.take(hello());
    return () => vi.useRealTimers();
  });

  it('shows an own comment at once and takes the echo for the same', () => {
    comments.write('hi', 5);
    expect(comments.lines).toMatchObject([{ text: 'hi', status: 'sending', mine: true }]);
    comments.take(comment('1', { clientId: sent[0]!.clientId, account: 'me', text: 'hi' }));
    expect(comments.lines).toMatchObject([{ id: '1', status: 'sent', mine: true }]);
  });
  it('sends what was not confirmed again after a reconnect, with the same clientId', () => {
    connected = false;
    comments.write('hi', 5);
    connected = true;
    comments.take(hello());
    comments.take(hello());
    expect(new Set(sent.map((one) => one.clientId)).size).toBe(1);
    expect(sent).toHaveLength(2);
  });
  it('says that a comment failed after ten seconds or when refused, and retries with the same clientId', () => {
    comments.write('slow', 0);
    vi.advanceTimersByTime(10_000);
    expect(comments.lines[0]).toMatchObject({ status: 'failed' });
    comments.write('fast', 0);
    comments.take({ type: 'refused', clientId: sent[1]!.clientId, reason: 'rate' });
    expect(comments.lines[1]).toMatchObject({ status: 'failed', reason: 'rate' });
    comments.retry(comments.lines[1]!);
    expect(sent[2]!.clientId).toBe(sent[1]!.clientId);
    expect(comments.lines[1]).toMatchObject({ status: 'sending' });
  });
  it('shows a comment once, however often the server tells it, and takes deleted ones off', () => {
    comments.take(comment('1'));
    comments.take(comment('1'));
    comments.take(comment('2'));
    expect(comments.lines.map((line) => line.id)).toEqual(['1', '2']);
    comments.take({ type: 'deleted', id: '1' });
    expect(comments.lines.map((line) => line.id)).toEqual(['2']);
  });
  it('keeps the last five hundred', () => {
    for (let index = 0; index < 700; index++) comments.take(comment(String(index)));
    expect(comments.lines).toHaveLength(500);
    expect(comments.lines[0]!.id).toBe('200');
  });
  it('keeps two people with one clientId apart', () => {
    comments.take(comment('1', { clientId: 'same' }));
    comments.take(comment('2', { clientId: 'same', account: 'b' }));
    expect(comments.lines.map((line) => line.id)).toEqual(['1', '2']);
    expect(new Set(comments.lines.map((line) => line.key)).size).toBe(2);
  });
  it('lets only new ones fly over the picture, not the fifty that come first', () => {
    comments.take(hello(60_000));
    const flown: string[] = [];
    comments.onNew((line) => flown.push(line.text));
    comments.take(comment('old', { at: 20_000 }));
    comments.take(comment('new', { at: 59_000 }));
    expect(flown).toEqual(['new']);
  });
  it('knows that the host muted this person', () => {
    comments.take({ type: 'muted', muted: true });
    expect(comments.muted).toBe(true);
    expect(comments.mayComment).toBe(false);
    comments.take({ type: 'muted', muted: false });
    expect(comments.muted).toBe(false);
    expect(comments.mayComment).toBe(true);
  });
  it('knows after a new connection whether this person may comment again', () => {
    comments.take({ type: 'muted', muted: true });
    comments.take({ ...hello(), you: { ...hello().you, mayComment: false } });
    expect([comments.muted, comments.mayComment]).toEqual([true, false]);
    comments.take(hello());
    expect([comments.muted, comments.mayComment]).toEqual([false, true]);
  });
});
