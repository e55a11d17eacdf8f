import { expect, it, vi } from 'vitest';
import { Problem } from '../api/http';
import { question } from '../shell/ask.svelte';
import { unlessWidened } from './widening';

vi.hoisted(() => vi.stubGlobal('localStorage', { getItem: () => 'en' }));

const widens = () => new Problem(400, 'widens', { audience: ['widens'] });

it('a change that lets nobody in is made without a question', async () => {
  const change = vi.fn(async () => {});
  expect(await unlessWidened(change)).toBe(true);
  expect(change).toHaveBeenCalledExactlyOnceWith();
});

it.each([true, false])('a change that lets somebody in is made only after a yes: %s', async (yes) => {
  const change = vi.fn(async (widen?: true) => {
    if (!widen) throw widens();
  });
  const changed = unlessWidened(change);
  await expect.poll(question).not.toBeNull();
  question()!.answer(yes);
  expect(await changed).toBe(yes);
  expect(change.mock.calls).toEqual(yes ? [[], [true]] : [[]]);
});

it('what else is wrong is said', async () => {
  await expect(unlessWidened(() => Promise.reject(new Problem(400, 'audience-empty')))).rejects.toMatchObject({ code: 'audience-empty' });
});
