import { describe, expect, it } from 'vitest';
import { CommentTimeline } from './timeline';

const said = (id: string, at: number) => ({ id, at });
const ids = (list: { id: string }[]) => list.map((one) => one.id).join('');

describe('comments of a replay', () => {
  const timeline = new CommentTimeline<{ id: string; at: number }>();
  timeline.add([said('c', 3000), said('a', 1000)]);
  timeline.add([said('b', 2000), said('a', 1000), said('d', 3000)]);

  it('come each once, in the moment they were said', () => {
    expect(timeline.length).toBe(4);
    expect(ids(timeline.between(0, 1000))).toBe('a');
    expect(ids(timeline.between(1000, 2999))).toBe('b');
    expect(ids(timeline.between(2999, 9000))).toBe('cd');
  });
  it('do not come again when the playhead stands or goes back', () => {
    expect(timeline.between(2000, 2000)).toEqual([]);
    expect(timeline.between(3000, 1000)).toEqual([]);
  });
  it('after a jump are the last that had been said by then', () => {
    expect(ids(timeline.until(3000, 2))).toBe('cd');
    expect(ids(timeline.until(2500, 10))).toBe('ab');
    expect(timeline.until(10, 10)).toEqual([]);
  });
  it('stay away once deleted', () => {
    timeline.remove('b');
    expect(ids(timeline.until(9000, 9))).toBe('acd');
  });
});
