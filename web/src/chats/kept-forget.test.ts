import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';

const stored = new Map<string, string>();
const localStorage = new Proxy({} as Record<string, unknown>, {
  get: (_, name) => (name === 'removeItem' ? (key: string) => stored.delete(key) : undefined),
  ownKeys: () => [...stored.keys()],
  getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
});
vi.stubGlobal('localStorage', localStorage);
vi.stubGlobal('indexedDB', { open: () => { throw new Error('none'); }, deleteDatabase: () => { throw new Error('none'); } });
const { forgetEverything } = await import('./kept');

const device = ['camera', 'conversation', 'conversational', 'danmaku', 'language', 'microphone', 'muted', 'theme', 'volume', 'way'].map((name) => `weir.${name}`);

/** Every key that a page stores something under, read from the pages themselves. */
function keys(): string[] {
  const source = join(import.meta.dirname, '..');
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(ts|svelte)$/.test(file) && !file.includes('.test.'));
  const found = files.flatMap((file) => [...readFileSync(join(source, file), 'utf8').matchAll(/['`](weir\.[a-z-]+)/g)].map((match) => match[1]!));
  return [...new Set(found)].sort();
}

it('keeps what is the device\'s own and nothing of the account', async () => {
  const all = keys();
  expect(all).toContain('weir.audience');
  expect(all).toContain('weir.positions');
  for (const key of all) stored.set(key, 'x');
  stored.set('weir.audience.moments.someone', 'x').set('weir.deleted-moments.someone.1', 'x').set('of another site\'s script', 'x');
  await forgetEverything();
  expect([...stored.keys()].sort()).toEqual([...device, 'of another site\'s script'].sort());
});
