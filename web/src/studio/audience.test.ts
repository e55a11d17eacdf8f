import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Circle } from '../api/types';
import { cameFrom, chosenAudience, forgetRehearsal, fromAudience, lastChoice, nobodyExcluded, rehearsedFor, rememberChoice, rememberRehearsal, toAudience } from './audience';
import { audienceWords } from './audience-words';

vi.hoisted(() => vi.stubGlobal('localStorage', { getItem: () => 'en' }));

const group = { kind: 'conversation', conversation: 'c' };

describe('the audience', () => {
  it('is nobody, and cannot be sent, while no circle is chosen', () => {
    expect(toAudience({ ...nobodyExcluded, kind: 'circles' })).toBeNull();
  });
  it('leaves out circles that another kind does not use, so that looking around widens nothing', () => {
    expect(toAudience({ ...nobodyExcluded, kind: 'friends', circles: ['a'] })).toEqual({ kind: 'friends' });
  });
  it('keeps whoever is left out', () => {
    const choice = { kind: 'circles' as const, circles: ['a'], exceptAccounts: ['zhang'], exceptCircles: ['b'] };
    expect(toAudience(choice)).toEqual({ kind: 'circles', circles: ['a'], except: { accounts: ['zhang'], circles: ['b'] } });
    expect(fromAudience(toAudience(choice))).toEqual(choice);
  });
  it('of a rehearsal has nobody to leave out', () => {
    expect(toAudience({ ...nobodyExcluded, kind: 'onlyMe', exceptAccounts: ['zhang'] })).toEqual({ kind: 'onlyMe' });
  });

  it.each([group, { kind: 'followers', officialAccount: 'o' }, { kind: 'madeUpLater', by: 'a newer server' }])('stays what it is when the picker does not have its kind: $kind', (audience) => {
    expect(toAudience(fromAudience(audience))).toEqual(audience);
    expect(fromAudience({ kind: 'public' }, ['friends']).locked).toEqual({ kind: 'public' });
  });
  it('is not sent by whoever changed nothing about it', () => {
    const friends = fromAudience({ kind: 'friends', except: { accounts: ['a', 'b'], circles: [] } });
    expect(chosenAudience(friends, friends)).toBeNull();
    expect(chosenAudience(friends, { ...friends, exceptAccounts: ['b', 'a'], circles: ['looked at'] })).toBeNull();
    expect(chosenAudience(fromAudience(group), fromAudience(group))).toBeNull();
    expect(chosenAudience(friends, { ...friends, exceptAccounts: ['a'] })).toEqual({ kind: 'friends', except: { accounts: ['a'], circles: [] } });
    expect(chosenAudience(fromAudience(group), nobodyExcluded)).toEqual({ kind: 'friends' });
  });
  it('is read from where "Go live" was chosen', () => {
    expect(cameFrom('?conversation=c')).toEqual(group);
    expect(cameFrom('?official=o')).toEqual({ kind: 'followers', officialAccount: 'o' });
    expect(cameFrom('')).toBeNull();
  });
  it('that is locked is called by its place, and never by anybody else', () => {
    const preview = { count: 3, people: [], except: [] };
    expect(audienceWords(fromAudience(group), preview, [], [], 'Bread bakers')).toBe('3 people in Bread bakers');
    expect(audienceWords(fromAudience({ kind: 'madeUpLater' }), null, [], [])).toBe('The people it was made for');
  });
});

describe('what is remembered', () => {
  beforeEach(() => {
    for (const name of ['localStorage', 'sessionStorage']) {
      const kept = new Map<string, string>();
      vi.stubGlobal(name, {
        getItem: (key: string) => kept.get(key) ?? null,
        setItem: (key: string, value: string) => kept.set(key, value),
        removeItem: (key: string) => kept.delete(key),
      });
    }
  });

  const circle = (id: string, ...members: string[]): Circle => ({ id, name: id, members: members.map((handle) => ({ id: handle, handle, name: handle })) });

  it('is the last choice, but not where one came from', () => {
    rememberChoice({ kind: 'circles', circles: ['a', 'gone'] }, [circle('a', 'zhang'), circle('gone', 'zhang')]);
    rememberChoice(group, []);
    rememberChoice({ kind: 'followers', officialAccount: 'o' }, []);
    expect(lastChoice([circle('a', 'zhang')])).toEqual({ ...nobodyExcluded, kind: 'circles', circles: ['a'] });
  });
  it('lets nobody in who came into a circle later, and asks when no circle is left', () => {
    rememberChoice({ kind: 'circles', circles: ['a', 'b'] }, [circle('a', 'zhang', 'li'), circle('b', 'zhang')]);
    expect(lastChoice([circle('a', 'zhang'), circle('b', 'zhang', 'boss')]).circles).toEqual(['a']);
    expect(toAudience(lastChoice([circle('a', 'zhang', 'li', 'boss'), circle('b', 'boss')]))).toBeNull();
  });
  it('leaves out by name whoever left a circle that was left out, or was in one that is gone', () => {
    rememberChoice({ kind: 'public', except: { accounts: ['wang'], circles: ['a', 'gone'] } }, [circle('a', 'zhang', 'li'), circle('gone', 'boss')]);
    expect(lastChoice([circle('a', 'li', 'more')])).toEqual({ kind: 'public', circles: [], exceptAccounts: ['wang', 'zhang', 'boss'], exceptCircles: ['a'] });
  });
  it('is nobody where it is not known whom a circle left out that is gone', () => {
    localStorage.setItem('weir.audience', JSON.stringify({ kind: 'friends', except: { circles: ['gone'] } })); // as an earlier version kept it
    expect(toAudience(lastChoice([]))).toBeNull();
    localStorage.setItem('weir.audience', JSON.stringify({ kind: 'circles', circles: ['a'] }));
    expect(toAudience(lastChoice([circle('a', 'zhang')]))).toBeNull();
    localStorage.setItem('weir.audience', '{"audience":');
    expect(lastChoice([])).toEqual(nobodyExcluded);
  });
  it('is of each kind of thing by itself', () => {
    rememberChoice({ kind: 'public' }, []);
    expect(lastChoice([], 'weir.audience.moments.me')).toEqual(nobodyExcluded);
  });
  it('is whom a rehearsal is for, until it goes live', () => {
    const [a, grown, gone] = [circle('a', 'zhang'), circle('grown', 'li'), circle('gone', 'boss')];
    rememberRehearsal('one', { kind: 'circles', circles: ['a', 'grown', 'gone'], except: { circles: ['gone'] } }, [a, grown, gone]);
    rememberRehearsal('two', group, []);
    expect(toAudience(rehearsedFor('one', [a, circle('grown', 'li', 'boss')])))
      .toEqual({ kind: 'circles', circles: ['a'], except: { accounts: ['boss'], circles: [] } });
    expect(toAudience(rehearsedFor('two', []))).toEqual(group);
    forgetRehearsal('one');
    expect(rehearsedFor('one', [a])).toEqual(nobodyExcluded);
  });
  it.each(['public', 'link', 'onlyMe'])('of a rehearsal that was begun elsewhere is no more than friends, whatever was chosen last: %s', (kind) => {
    rememberChoice({ kind, except: { accounts: ['wang'] } }, []);
    expect(rehearsedFor('elsewhere', [])).toEqual({ ...nobodyExcluded, exceptAccounts: ['wang'] });
  });
});
