import { describe, expect, it } from 'vitest';
import { fromAudience, nobodyExcluded, toAudience } from './audience';

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
});
