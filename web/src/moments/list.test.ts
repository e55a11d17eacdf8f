import { afterEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../api/http';
import * as calls from './calls';
import { MomentList } from './list.svelte';
import type { Moment } from './types';

vi.mock('./calls', () => ({ pageSize: 20, one: vi.fn(), like: vi.fn(async () => {}), removeComment: vi.fn(async () => {}), changeAudience: vi.fn() }));

const me = { id: 'me', handle: 'me', name: 'Me' };
const moment = (id: number, more: Partial<Moment> = {}): Moment => ({
  id: `m${id}`, author: { id: 'a', handle: 'ann', name: 'Ann' }, text: `text ${id}`, pictures: [], card: null, createdAt: new Date(1_800_000_000_000 + id * 1000).toISOString(), mine: false, audience: null,
  liked: false, likes: [], comments: [], ...more,
});
const range = (from: number, to: number) => Array.from({ length: from - to + 1 }, (_, index) => moment(from - index));

/** A server whose feed is `all`, newest first. */
function server(all: Moment[]) {
  const here = { all };
  const read = async (before?: calls.Before) => {
    const start = before ? here.all.findIndex((one) => one.id === before.id) + 1 : 0;
    return here.all.slice(start, start + calls.pageSize);
  };
  vi.mocked(calls.one).mockImplementation(async (id) => {
    const found = here.all.find((one) => one.id === id);
    if (!found) throw new Problem(404, 'not-found');
    return found;
  });
  return { here, read };
}
const ids = (list: MomentList) => list.shown.map((one) => one.id);

afterEach(() => vi.useRealTimers());

describe('a list of moments', () => {
  it('goes on page by page until its end', async () => {
    const { read } = server(range(45, 1));
    const list = new MomentList(me, read);
    await list.renew();
    expect([ids(list).length, list.ended]).toEqual([20, false]);
    await list.older();
    await list.older();
    expect([ids(list).length, list.ended]).toEqual([45, true]);
    await list.older();
    expect(ids(list).length).toBe(45);
  });

  it('counts what is new and lets nothing that stands there move', async () => {
    const { here, read } = server(range(30, 1));
    const list = new MomentList(me, read);
    await list.renew();
    const before = ids(list);
    here.all = [moment(32), moment(31), ...here.all.filter((one) => one.id !== 'm25')];
    list.heard({ id: 'm31', what: 'posted' });
    expect([ids(list), list.fresh]).toEqual([before, 1]);
    await list.check();
    // What is gone goes, what is new waits.
    expect([ids(list), list.fresh]).toEqual([before.filter((id) => id !== 'm25'), 2]);
    await list.renew();
    expect([ids(list)[0], list.fresh]).toEqual(['m32', 0]);
  });

  it('counts a whole page that has nothing to do with what stands there, and drops nothing for it', async () => {
    const { here, read } = server(range(20, 1));
    const list = new MomentList(me, read);
    await list.renew();
    here.all = range(60, 1);
    await list.check();
    expect([ids(list).length, list.fresh]).toEqual([20, 20]);
  });

  it('shows a like at once, takes it back when the server says no, and keeps it against an older answer', async () => {
    const { here, read } = server([moment(1)]);
    const list = new MomentList(me, read);
    await list.renew();
    vi.mocked(calls.like).mockImplementationOnce(async () => { here.all = [moment(1, { liked: true, likes: [me] })]; });
    const liking = list.like(list.items[0]!, true);
    expect(list.items[0]).toMatchObject({ liked: true, likes: [me] });
    list.put(moment(1)); // asked before the like
    expect(list.items[0]!.liked).toBe(true);
    await liking;
    await expect.poll(() => calls.one).toHaveBeenCalled();
    expect(list.items[0]!.liked).toBe(true);

    vi.mocked(calls.like).mockRejectedValueOnce(new Problem(404, 'not-found'));
    await expect(list.like(list.items[0]!, false)).rejects.toThrow();
    expect(list.items[0]!.liked).toBe(true);
  });

  it('reads once what is hinted at many times, and loses what is no longer there for me', async () => {
    vi.useFakeTimers();
    const { here, read } = server(range(3, 1));
    const list = new MomentList(me, read);
    await list.renew();
    vi.mocked(calls.one).mockClear();
    for (let index = 0; index < 5; index++) list.heard({ id: 'm2', what: 'liked' });
    here.all = here.all.filter((one) => one.id !== 'm2');
    await vi.advanceTimersByTimeAsync(1000);
    expect(calls.one).toHaveBeenCalledTimes(1);
    expect(ids(list)).toEqual(['m3', 'm1']);
    list.heard({ id: 'm3', what: 'deleted' });
    expect(ids(list)).toEqual(['m1']);
  });

  it('hides what is being deleted, and has it again when that is taken back', async () => {
    const { read } = server(range(3, 1));
    const list = new MomentList(me, read);
    await list.renew();
    list.leave('m2', true);
    expect(ids(list)).toEqual(['m3', 'm1']);
    list.leave('m2', false);
    expect(ids(list)).toEqual(['m3', 'm2', 'm1']);
  });

  it('shows what this device kept until the server answers', async () => {
    const { read } = server(range(2, 1));
    const list = new MomentList(me, read);
    list.restore([moment(7)]);
    expect(ids(list)).toEqual(['m7']);
    await list.check();
    expect(ids(list)).toEqual(['m2', 'm1']);
  });
});
