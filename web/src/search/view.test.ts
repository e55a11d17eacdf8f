import { describe, expect, it, vi } from 'vitest';
import type { Hit } from './types';

vi.stubGlobal('localStorage', { getItem: () => 'en', setItem: () => {} });
const { view } = await import('./view');

const person = (id: string, name: string) => ({ id, handle: name.toLowerCase(), name });
const nothing: Hit = { title: null, snippet: null, person: null, conversation: null, message: null, account: null, article: null, broadcast: null, moment: null };
const mark = (text: string, ...marks: [number, number][]) => ({ text, marks });
const said = (sender: ReturnType<typeof person>, kind: 'direct' | 'group') => ({
  ...nothing,
  snippet: mark('at the weir', [7, 11]),
  conversation: { id: 'c', kind, name: kind === 'group' ? 'Walkers' : null, people: [person('b', 'Ben')], memberCount: 2 },
  message: { conversation: 'c', seq: 7, id: 'm', sender, sentAt: '2026-01-01T00:00:00Z', kind: 'text' },
});

describe('what a hit shows', () => {
  it('leads to the message itself and says who said it where that is not plain', () => {
    const shown = (hit: Hit, within = false) => (({ href, title, before }) => [href, title.text, before])(view(hit, within, 'me'));
    expect(shown(said(person('b', 'Ben'), 'direct'))).toEqual(['/c/c?at=7', 'Ben', undefined]);
    expect(shown(said(person('me', 'Anna'), 'direct'))).toEqual(['/c/c?at=7', 'Ben', 'You']);
    expect(shown(said(person('b', 'Ben'), 'group'))).toEqual(['/c/c?at=7', 'Walkers', 'Ben']);
    expect(shown(said(person('b', 'Ben'), 'group'), true)).toEqual(['/c/c?at=7', 'Ben', undefined]);
  });

  it('moves the marks of a handle with its sign', () => {
    expect(view({ ...nothing, person: { ...person('b', 'Ben'), friend: true }, title: mark('Ben'), snippet: mark('ben', [0, 3]) }, false, 'me').line).toEqual(mark('@ben', [1, 4]));
  });
});
