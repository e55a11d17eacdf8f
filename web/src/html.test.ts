import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

// Everything else is text to the page, whoever wrote it. The preview of an article is the server's rendering, in which no HTML of the writer is left.
it('is only the preview of an article that is put into a page as HTML', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => /\.(svelte|ts)$/.test(file) && !file.endsWith('.test.ts'));
  const found = files.flatMap((file) => (readFileSync(`src/${file}`, 'utf8').match(/\{@html [^}]*\}|\.(inner|outer)HTML\b|insertAdjacentHTML|document\.write/g) ?? []).map((what) => `${file}: ${what}`));
  expect(found).toEqual(['accounts/Write.svelte: {@html preview}']);
});
