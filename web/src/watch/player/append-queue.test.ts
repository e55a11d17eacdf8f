import { describe, expect, it, vi } from 'vitest';
import { AppendQueue, type QueueLimits, type Sink } from './append-queue';
import { box } from './boxes.sample';

class FakeSink implements Sink {
  updating = false;
  log: string[] = [];
  range: [number, number] | null = null;
  quotaAfter = Infinity;
  get buffered() {
    const range = this.range;
    return { length: range ? 1 : 0, start: () => range![0], end: () => range![1] };
  }
  appendBuffer(data: ArrayBuffer) {
    if (this.log.length >= this.quotaAfter) throw Object.assign(new Error('full'), { name: 'QuotaExceededError' });
    this.updating = true;
    this.log.push(`append ${data.byteLength}`);
  }
  remove(start: number, end: number) {
    this.updating = true;
    this.log.push(`remove ${start}-${end}`);
    this.range = [end, this.range![1]];
    this.quotaAfter = Infinity;
  }
  changeType(mime: string) {
    this.log.push(`type ${mime}`);
  }
}

const make = (limits: Partial<QueueLimits> = {}, playhead = 0) => {
  const sink = new FakeSink();
  const overflow = vi.fn();
  const queue = new AppendQueue(sink, () => playhead, overflow, { maxBytes: 1000, keepBehind: 30, keepAll: 60, ...limits });
  const done = () => {
    sink.updating = false;
    queue.pump();
  };
  return { sink, queue, overflow, done };
};

describe('the append queue', () => {
  it('appends the fragments that waited in one go, in order, and an init segment on its own', () => {
    const { sink, queue, done } = make();
    queue.push(box('ftyp', 2));
    queue.push(box('moof', 4));
    queue.push(box('moof', 4));
    queue.push(box('ftyp', 2));
    queue.push(box('moof', 1));
    expect(sink.log).toEqual(['append 10']);
    done();
    expect(sink.log.at(-1)).toBe('append 24');
    done();
    expect(sink.log.at(-1)).toBe('append 19');
    done();
    expect(queue.idle).toBe(true);
  });
  it('changes the type exactly between what came before and after', () => {
    const { sink, queue, done } = make();
    queue.push(box('moof', 2));
    queue.push(box('moof', 4));
    queue.changeType('hevc');
    queue.push(box('ftyp', 2));
    done();
    done();
    expect(sink.log).toEqual(['append 10', 'append 12', 'type hevc', 'append 10']);
  });
  it('starts afresh when more waits than its bound', () => {
    const { queue, overflow } = make({ maxBytes: 50 });
    queue.push(box('moof', 20));
    queue.push(box('moof', 30));
    queue.push(box('moof', 30));
    expect(overflow).toHaveBeenCalledOnce();
    expect(queue.bytes).toBe(0);
  });
  it('takes off what lies behind the playhead, but not for every fragment', () => {
    const { sink, queue } = make({}, 33);
    sink.range = [0, 34];
    queue.push(box('moof'));
    expect(sink.log).toEqual(['append 8']);
    const far = make({}, 40);
    far.sink.range = [0, 41];
    far.queue.push(box('moof'));
    expect(far.sink.log).toEqual(['remove 0-10']);
    far.done();
    expect(far.sink.log.at(-1)).toBe('append 8');
  });
  it('keeps a bounded amount for somebody who paused', () => {
    const { sink, queue } = make({}, 5);
    sink.range = [0, 100];
    queue.push(box('moof'));
    expect(sink.log).toEqual(['remove 0-40']);
  });
  it('makes room and tries again when the browser has no more', () => {
    const { sink, queue, done, overflow } = make({}, 20);
    sink.range = [0, 21];
    sink.quotaAfter = 0;
    queue.push(box('moof'));
    expect(sink.log).toEqual(['remove 0-18']);
    done();
    expect(sink.log.at(-1)).toBe('append 8');
    expect(overflow).not.toHaveBeenCalled();
  });
  it('starts afresh when there is no room to make', () => {
    const { sink, queue, overflow } = make();
    sink.quotaAfter = 0;
    queue.push(box('moof'));
    expect(overflow).toHaveBeenCalledOnce();
  });
});
