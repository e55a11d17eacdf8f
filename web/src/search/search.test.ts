import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../api/http';
import type { Asked } from './calls';
import { Search } from './search.svelte';
import type { Answer, Group, Hit, Kind } from './types';

const group = (kind: Kind, names: string[], next: string | null = null): Group => ({ kind, hits: names.map((text) => ({ title: { text, marks: [] } }) as unknown as Hit), next, partial: false });
const names = (search: Search) => search.groups.map((one) => `${one.kind}: ${one.hits.map((hit) => hit.title!.text).join(' ')}`);

function world() {
  const asked: Asked[] = [];
  const answers: ((answer: Answer | Problem) => void)[] = [];
  const search = new Search((one) => {
    asked.push(one);
    return new Promise((resolve, reject) => answers.push((answer) => (answer instanceof Problem ? reject(answer) : resolve(answer))));
  });
  const answer = async (index: number, with_: Answer | Problem) => {
    answers[index]!(with_);
    await vi.advanceTimersByTimeAsync(0);
  };
  return { search, asked, answer };
}

describe('a search', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('asks after a pause, once, for what was typed last', async () => {
    const { search, asked, answer } = world();
    for (const text of ['f', 'fi', 'fis', 'fish ']) {
      search.type(text);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(250);
    expect(asked).toEqual([{ q: 'fish', conversation: null }]);
    expect(search.busy).toBe(true);
    await answer(0, { groups: [group('people', ['Fisher'])], indexing: true });
    expect([names(search), search.asked, search.busy, search.indexing]).toEqual([['people: Fisher'], 'fish', false, true]);
    search.type('fish  ');
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked.length).toBe(1);
  });

  it('shows the newest answer, whichever comes last', async () => {
    const { search, answer } = world();
    search.type('a');
    await vi.advanceTimersByTimeAsync(250);
    search.type('ab');
    await vi.advanceTimersByTimeAsync(250);
    await answer(1, { groups: [group('people', ['new'])], indexing: false });
    await answer(0, { groups: [group('people', ['old'])], indexing: false });
    expect(names(search)).toEqual(['people: new']);
  });

  it('forgets what was found when the field is emptied, also what is still on its way', async () => {
    const { search, answer } = world();
    search.open('a', null);
    search.type('');
    await answer(0, { groups: [group('people', ['old'])], indexing: false });
    expect([names(search), search.asked, search.empty, search.busy]).toEqual([[], '', false, false]);
  });

  it('stays with what is shown when the words come back to it', async () => {
    const { search, asked, answer } = world();
    search.open('a', null);
    await answer(0, { groups: [group('people', ['A'])], indexing: false });
    search.type('ab');
    await vi.advanceTimersByTimeAsync(250);
    search.type('a');
    await answer(1, { groups: [group('people', ['AB'])], indexing: false });
    expect([names(search), search.busy, asked.length]).toEqual([['people: A'], false, 2]);
  });

  it('adds pages to their kind only', async () => {
    const { search, asked, answer } = world();
    search.open('a', 'c1');
    await answer(0, { groups: [group('messages', ['1', '2'], 'p2')], indexing: false });
    void search.more('messages');
    void search.more('messages');
    expect(asked.slice(1)).toEqual([{ q: 'a', conversation: 'c1', kind: 'messages', before: 'p2' }]);
    await answer(1, { groups: [group('messages', ['3'], null)], indexing: false });
    expect(names(search)).toEqual(['messages: 1 2 3']);
    await search.more('messages');
    expect(asked.length).toBe(2);
  });

  it('does not put an old page under new words', async () => {
    const { search, answer } = world();
    search.open('a', null);
    await answer(0, { groups: [group('people', ['1'], 'p2'), group('articles', ['x'], null)], indexing: false });
    void search.more('people');
    search.open('b', null);
    await answer(2, { groups: [group('people', ['B'])], indexing: false });
    await answer(1, { groups: [group('people', ['2'])], indexing: false });
    expect(names(search)).toEqual(['people: B']);
  });

  it('says that nothing is there only when it is known', async () => {
    const { search, answer } = world();
    search.open('zz', null);
    expect(search.empty).toBe(false);
    await answer(0, new Problem(503, 'busy'));
    expect([search.empty, search.problem?.code]).toEqual([false, 'busy']);
    void search.now();
    await answer(1, { groups: [], indexing: false });
    expect([search.empty, search.problem]).toEqual([true, null]);
  });

  it('keeps what is shown when one comes back to it', async () => {
    const { search, asked, answer } = world();
    search.open('a', null);
    await answer(0, { groups: [group('people', ['1'])], indexing: false });
    search.scrolled = 300;
    search.open('a', null);
    expect([asked.length, names(search), search.scrolled]).toEqual([1, ['people: 1'], 300]);
    search.open('a', 'c1');
    expect([asked.length, names(search)]).toEqual([2, []]);
  });
});
