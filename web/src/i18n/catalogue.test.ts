import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { catalogue, parts } from './catalogue';
import { format, placeholders, type Message } from './format';

const entries = Object.entries(catalogue) as [string, { en: Message; zh: Message }][];
const texts = (message: Message) => (typeof message === 'string' ? [message] : Object.values(message));

describe('the message catalogue', () => {
  it('has every text in both languages with the same placeholders', () => {
    const faults = entries.filter(([, { en, zh }]) =>
      [...texts(en), ...texts(zh)].some((text) => text.trim() === '') || placeholders(en).join() !== placeholders(zh).join());
    expect(faults.map(([key]) => key)).toEqual([]);
    expect(entries.length).toBeGreaterThan(300);
  });

  it('has each key in one file only', () => {
    const keys = Object.values(parts).flatMap((part) => Object.keys(part));
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('has no text that no page shows', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) => /\.(svelte|ts)$/.test(file) && !file.includes('catalogue'));
    const source = files.map((file) => readFileSync(`src/${file}`, 'utf8')).join('\n');
    // Keys made of a prefix and a code of the server or a choice of the page: t(`audience.${kind}`).
    const made = [...source.matchAll(/`((?:[\w-]+\.)+)\$\{/g)].map((match) => match[1]!);
    const unused = entries.map(([key]) => key).filter((key) => !source.includes(`'${key}'`) && !made.some((prefix) => key.startsWith(prefix)));
    expect(unused).toEqual([]);
  });

  it('has both English forms wherever a text counts', () => {
    const counting = entries.filter(([, message]) => placeholders(message.en).includes('count') && typeof message.en !== 'string');
    expect(counting.length).toBeGreaterThan(3);
    for (const [key, message] of counting) expect(message.en, key).toHaveProperty('one');
  });
});

describe('formatting', () => {
  it('chooses the plural form of the language', () => {
    const message = { one: '{count} viewer', other: '{count} viewers' };
    expect(format(message, { count: 1 }, 'en')).toBe('1 viewer');
    expect(format(message, { count: 1200 }, 'en')).toBe('1,200 viewers');
    expect(format({ other: '{count} 人' }, { count: 1 }, 'zh-CN')).toBe('1 人');
  });

  it('leaves a placeholder without a value visible, so that a forgotten one is seen', () => {
    expect(format('Hello {name}', {}, 'en')).toBe('Hello {name}');
  });
});
