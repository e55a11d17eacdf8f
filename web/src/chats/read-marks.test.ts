import { expect, it } from 'vitest';
import { ReadMarks } from './read-marks';

/** What was told, and a rest that ends when it is said. */
function begin(tell?: () => Promise<void>) {
  const told: [string, number][] = [];
  let end = () => {};
  const marks = new ReadMarks(
    async (conversation, seq) => {
      await tell?.();
      told.push([conversation, seq]);
    },
    () => new Promise((done) => { end = done; }),
  );
  const settle = async () => { for (let turn = 0; turn < 10; turn++) await Promise.resolve(); };
  return { told, marks, settle, rested: () => { end(); return settle(); } };
}

const never = () => { throw new Error('nothing failed'); };

it('tells the first at once and what is read meanwhile in one call', async () => {
  const { told, marks, settle, rested } = begin();
  const first = marks.add('a', 0, 1, never);
  await settle();
  expect(told).toEqual([['a', 1]]);
  for (let seq = 2; seq <= 400; seq++) await marks.add('a', seq - 1, seq, never);
  expect(told).toHaveLength(1);
  await rested();
  expect(told).toEqual([['a', 1], ['a', 400]]);
  await rested();
  await first;
  void marks.add('a', 400, 401, never);
  await settle();
  expect(told.at(-1)).toEqual(['a', 401]);
});

it('keeps conversations apart', async () => {
  const { told, marks, settle } = begin();
  void marks.add('a', 0, 1, never);
  void marks.add('b', 0, 5, never);
  await settle();
  expect(told).toEqual([['a', 1], ['b', 5]]);
});

it('says how far the server knows when it cannot be told, and tells the next', async () => {
  let broken = false;
  const { told, marks, settle, rested } = begin(async () => { if (broken) throw new Error('away'); });
  const known: number[] = [];
  const first = marks.add('a', 0, 1, (seq) => known.push(seq));
  await settle();
  broken = true;
  void marks.add('a', 1, 2, never);
  void rested();
  await expect(first).rejects.toThrow('away');
  expect(known).toEqual([1]);
  broken = false;
  void marks.add('a', 1, 3, never);
  await settle();
  expect(told.at(-1)).toEqual(['a', 3]);
});
