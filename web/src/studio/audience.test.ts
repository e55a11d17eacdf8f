import { beforeEach, describe, expect, it, vi } from 'vitest';
import { cameFrom, chosenAudience, fromAudience, lastChoice, nobodyExcluded, rehearsedFor, rememberChoice, rememberRehearsal, toAudience, without } from './audience';
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

  it('is the last choice, but not where one came from', () => {
    rememberChoice({ kind: 'circles', circles: ['a', 'gone'] });
    rememberChoice(group);
    expect(lastChoice(['a'], [])).toEqual({ ...nobodyExcluded, kind: 'circles', circles: ['a'] });
  });
  it('is whom a rehearsal is for, until it goes live', () => {
    rememberRehearsal('one', { kind: 'circles', circles: ['a', 'gone'] });
    rememberRehearsal('two', group);
    expect(toAudience(without(fromAudience(rehearsedFor('one')), (id) => id === 'gone'))).toEqual({ kind: 'circles', circles: ['a'] });
    expect(toAudience(fromAudience(rehearsedFor('two')))).toEqual(group);
    rememberRehearsal('one', null);
    expect(rehearsedFor('one')).toBeNull();
  });
});
