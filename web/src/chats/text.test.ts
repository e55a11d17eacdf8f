import { describe, expect, it } from 'vitest';
import { isEmojiOnly, pieces } from './text';

const links = (text: string) => pieces(text, []).flatMap((one) => ('href' in one ? [one.href] : []));
const whole = (text: string, names: string[] = []) => pieces(text, names).map((one) => one.text).join('');

describe('the pieces of a message', () => {
  it('finds addresses and leaves the sentence around them', () => {
    expect(links('see https://example.org/a?b=1#c.')).toEqual(['https://example.org/a?b=1#c']);
    expect(links('(http://example.org/x_(y)), and https://b.example!')).toEqual(['http://example.org/x_(y)', 'https://b.example']);
    expect(links('看 https://例子.example/路径，不错')).toEqual(['https://例子.example/路径']);
    expect(links('“https://zh.wikipedia.org/wiki/北京”：好、https://b.example/列奥纳多·达·芬奇…')).toEqual(['https://zh.wikipedia.org/wiki/北京', 'https://b.example/列奥纳多·达·芬奇']);
  });
  it('makes links of web addresses only', () => {
    expect(links('javascript:alert(1) data:text/html,x ftp://a.example http:// https://')).toEqual([]);
  });
  it('loses no character', () => {
    for (const text of ['a <b>x</b> https://e.example/<script> & @Ann!', '', 'https://a.example', '@Ann@Ann', 'x '.repeat(2000)]) expect(whole(text, ['Ann'])).toBe(text);
  });
  it('marks those who are mentioned, the longer name first', () => {
    expect(pieces('hi @Ann Lee and @Ann', ['Ann', 'Ann Lee'])).toEqual([{ text: 'hi ' }, { text: '@Ann Lee', mention: true }, { text: ' and ' }, { text: '@Ann', mention: true }]);
    expect(pieces('@Bob', ['Ann'])).toEqual([{ text: '@Bob' }]);
  });
  it('knows emoji that stand alone', () => {
    for (const text of ['😀', '👍🏽', '👨‍👩‍👧', '❤️', '🇨🇳', '😀 😀😀']) expect(isEmojiOnly(text), text).toBe(true);
    for (const text of ['', 'a', '1', '😀a', '😀😀😀😀', '#']) expect(isEmojiOnly(text), text).toBe(false);
  });
});
