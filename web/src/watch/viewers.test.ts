import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Person } from '../api/types';
import type { Events } from '../realtime/events';
import { ViewersReader, type Watchers } from './viewers';

type Change = Events['watching'];
const { asked, hub } = vi.hoisted(() => ({
  asked: vi.fn<(id: string) => Promise<unknown>>(),
  hub: { hear: (_: unknown): void => {}, connect: (): void => {}, up: true, left: 0 },
}));
vi.mock('../api/calls', () => ({ viewers: asked }));
vi.mock('../realtime/realtime', () => ({
  on: (_: string, handler: (change: unknown) => void) => {
    hub.hear = handler;
    return () => hub.left++;
  },
  whenConnected: (hook: () => void) => {
    hub.connect = hook;
    if (hub.up) hook();
    return () => hub.left++;
  },
}));

const person = (name: string): Person => ({ id: name, handle: name, name, avatar: null }) as Person;
const change = (came: string[], gone: string[] = [], count: number | null = null): Change => ({ broadcast: 'b', came: came.map(person), gone, count });

describe('who of my friends watches', () => {
  let shown: string[];
  let counted: number;
  let reader: ViewersReader;

  beforeEach(() => {
    vi.useFakeTimers();
    asked.mockReset().mockResolvedValue({ count: 3, people: [person('Ben')], asOf: '' });
    Object.assign(hub, { up: true, left: 0 });
    shown = [];
    counted = 0;
    reader = new ViewersReader('b', ({ people, count }: Watchers) => {
      shown.push(people.map(({ name }) => name).join());
      counted = count;
    });
    return () => {
      reader.stop();
      vi.useRealTimers();
    };
  });
  const passed = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

  it('is asked for once, however often a greeting comes and however long it goes on', async () => {
    reader.begin();
    reader.begin();
    await passed(3_600_000);
    expect(asked).toHaveBeenCalledExactlyOnceWith('b');
    expect(shown).toEqual(['Ben']);
  });
  it('follows what is said of this broadcast', async () => {
    reader.begin();
    await passed();
    hub.hear(change(['Cleo', 'Adam']));
    hub.hear(change([], ['Ben', 'Nobody'], 7));
    hub.hear({ ...change(['Dan']), broadcast: 'another' });
    expect(shown).toEqual(['Ben', 'Adam,Ben,Cleo', 'Adam,Cleo']);
    expect(counted).toBe(7);
    expect(asked).toHaveBeenCalledOnce();
  });
  it('asks again when the connection is back, because something may have been said meanwhile', async () => {
    reader.begin();
    await passed();
    asked.mockResolvedValue({ count: 1, people: [person('Cleo')], asOf: '' });
    hub.connect();
    await passed();
    expect(shown).toEqual(['Ben', 'Cleo']);
  });
  it('waits a while for a connection that comes later, and goes without one that does not', async () => {
    hub.up = false;
    reader.begin();
    await passed(4000);
    expect(asked).not.toHaveBeenCalled();
    hub.connect();
    await passed(60_000);
    expect(asked).toHaveBeenCalledOnce();

    const alone = new ViewersReader('b', () => {});
    alone.begin();
    await passed(5000);
    expect(asked).toHaveBeenCalledTimes(2);
    alone.stop();
  });
  it('believes what is said while an answer is on its way', async () => {
    let answer = (_: unknown): void => {};
    asked.mockReturnValue(new Promise((resolve) => (answer = resolve)));
    reader.begin();
    hub.hear(change(['Cleo'], ['Ben']));
    answer({ count: 1, people: [person('Ben')], asOf: '' });
    await passed();
    expect(shown).toEqual(['Cleo']);
  });
  it('says nothing and listens to nothing once it is over', async () => {
    reader.begin();
    reader.stop();
    await passed(60_000);
    expect(shown).toEqual([]);
    expect(hub.left).toBe(2);
  });
});
