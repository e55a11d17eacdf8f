import { describe, expect, it } from 'vitest';
import { matching, mentionedIn, openMention } from './mention';
import type { Member } from './types';

const member = (id: string, name: string): Member => ({ id, handle: id, name, role: 'member' });
const people = [member('ann', 'Ann'), member('lee', 'Ann Lee'), member('wei', '张伟')];

describe('mentions', () => {
  it('begin with an @ at the start of a word', () => {
    expect(openMention('hi @an', 6)).toEqual({ from: 3, to: 6, query: 'an' });
    expect(openMention('@', 1)).toEqual({ from: 0, to: 1, query: '' });
    expect(openMention('你好@张', 4)).toEqual({ from: 2, to: 4, query: '张' });
    expect(openMention('me@example', 10)).toBeNull();
    expect(openMention('@ann hi', 7)).toBeNull();
  });
  it('are those whose whole name follows', () => {
    expect(mentionedIn('@Ann Lee and @张伟', people)).toEqual(['lee', 'wei']);
    expect(mentionedIn('@Ann, hello', people)).toEqual(['ann']);
    expect(mentionedIn('@Bob', people)).toEqual([]);
  });
  it('are found by name and handle', () => {
    expect(matching(people, 'le').map((one) => one.id)).toEqual(['lee']);
    expect(matching(people, '伟').map((one) => one.id)).toEqual(['wei']);
  });
});
