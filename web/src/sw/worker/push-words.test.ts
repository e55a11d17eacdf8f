import { describe, expect, it } from 'vitest';
import { kinds } from '../../notifications/types';
import { pushWords, type Pushed } from './push-words';

const pushed = (more: Partial<Pushed>): Pushed => ({ kind: 'directMessage', tag: 't', url: '/', language: 'en', at: '2026-01-01T00:00:00Z', who: 'Lin', count: 1, ...more });

describe('the words of a push', () => {
  it('say who and what kind, and what was said only when the server sent it', () => {
    expect(pushWords(pushed({}))).toEqual({ title: 'Lin', body: 'Sent you a message' });
    expect(pushWords(pushed({ count: 3 }))).toEqual({ title: 'Lin', body: 'Sent you 3 messages' });
    expect(pushWords(pushed({ text: 'Tea?' }))).toEqual({ title: 'Lin', body: 'Tea?' });
    expect(pushWords(pushed({ kind: 'mention', where: 'Hike', text: '@Tom come' }))).toEqual({ title: 'Lin · Hike', body: 'Mentioned you\n@Tom come' });
    expect(pushWords(pushed({ kind: 'live', where: 'Sunday at the weir', language: 'zh' }))).toEqual({ title: 'Lin', body: '正在直播\nSunday at the weir' });
  });

  it('know every kind in both languages, and something for one that is newer than they are', () => {
    for (const language of ['en', 'zh']) {
      const unknown = pushWords(pushed({ kind: 'newer', language })).body;
      expect(unknown).not.toBe('');
      for (const kind of kinds) expect(pushWords(pushed({ kind, language })).body, kind).not.toBe(unknown);
    }
  });

  it('sum up a day', () => {
    expect(pushWords(pushed({ kind: 'summary', who: undefined, counts: { momentLike: 2, momentComment: 1, newer: 4 } }))).toEqual({ title: 'Your day in Weir', body: '2 likes · 1 comment · 4 more' });
  });
});
