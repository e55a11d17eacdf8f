import { describe, expect, it } from 'vitest';
import { match, safeNext } from './match';

describe('the router', () => {
  it('fits whole paths and gives the named parts', () => {
    expect(match('/b/:id/studio', '/b/abc/studio/')).toEqual({ id: 'abc' });
    expect(match('/b/:id', '/b/abc/studio')).toBeNull();
    expect(match('/', '/')).toEqual({});
    expect(match('/people', '/peoples')).toBeNull();
  });
  it('takes a broken escape for a path that does not exist', () => {
    expect(match('/join/:code', '/join/%E0%A4%A')).toBeNull();
  });
  it('goes on only to paths of this site', () => {
    expect(safeNext('/b/1?x=2')).toBe('/b/1?x=2');
    for (const bad of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:alert(1)', null]) expect(safeNext(bad)).toBe('/');
  });
});
