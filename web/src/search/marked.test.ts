import { describe, expect, it } from 'vitest';
import { pieces } from './marked';

const shown = (text: string, marks: [number, number][]) => pieces({ text, marks }).map((piece) => (piece.found ? `[${piece.text}]` : piece.text)).join('');

describe('a text with what was found in it', () => {
  it('marks the places and keeps the rest', () => {
    expect(shown('明天去海边 once', [[3, 5], [6, 10]])).toBe('明天去[海边] [once]');
    expect(shown('all', [[0, 3]])).toBe('[all]');
    expect(shown('none', [])).toBe('none');
    expect(shown('', [])).toBe('');
  });

  it('counts as the server does: an emoji is two', () => {
    expect(shown('🎉 party', [[3, 8]])).toBe('🎉 [party]');
    expect(shown('a🎉b', [[1, 3]])).toBe('a[🎉]b');
  });

  it('never says a word twice or loses one, whatever the marks are', () => {
    expect(shown('abcdef', [[3, 5], [1, 4], [5, 99], [7, 3]])).toBe('a[bcd][e][f]');
    expect(shown('abc', [[-2, 1]])).toBe('[a]bc');
  });
});
