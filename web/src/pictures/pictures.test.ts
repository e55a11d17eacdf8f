import { describe, expect, it, vi } from 'vitest';
import { Problem } from '../api/http';
import type { Uploaded } from '../api/types';
import { dragged, squareOf } from './crop';
import { targetSize } from './shrink';
import { sizeWords } from './size';
import { Uploads } from './uploads.svelte';
import type { upload } from './upload';
import { keepInside, whole, zoomAt } from './zoom';

// Asked for when the texts are loaded.
vi.hoisted(() => vi.stubGlobal('localStorage', { getItem: () => 'en' }));

describe('shrinking', () => {
  it('leaves what is small enough and what the server reads', () => {
    expect(targetSize(2000, 1000, 1 << 20, 'image/jpeg')).toBeNull();
    expect(targetSize(4000, 3000, 1 << 20, 'image/jpeg')).toEqual({ width: 2560, height: 1920 });
    expect(targetSize(1000, 500, 10 << 20, 'image/png')).toEqual({ width: 1000, height: 500 });
    expect(targetSize(1000, 500, 1000, 'image/heic')).toEqual({ width: 1000, height: 500 });
    expect(targetSize(100_000, 3, 1000, 'image/png')).toEqual({ width: 2560, height: 1 });
  });
});

describe('the square of an avatar', () => {
  it('lies inside the picture whatever the sliders say', () => {
    expect(squareOf(400, 300, { zoom: 1, across: 0.5, down: 0.5 })).toEqual({ x: 50, y: 0, size: 300 });
    for (const framing of [{ zoom: 5, across: 1, down: 1 }, { zoom: 0, across: -3, down: 9 }]) {
      const { x, y, size } = squareOf(400, 300, framing);
      expect(x >= 0 && y >= 0 && x + size <= 400 && y + size <= 300).toBe(true);
    }
  });

  it('follows the pointer and stops at the edge', () => {
    const begin = { zoom: 1, across: 0.5, down: 0.5 };
    const square = squareOf(400, 300, dragged(begin, 400, 300, -26, 500, 260));
    expect(square.x).toBeCloseTo(80);
    expect(square.y).toBe(0);
    expect(dragged(begin, 400, 300, -1000, 0, 260).across).toBe(1);
  });
});

describe('zooming', () => {
  it('keeps the point under the pointer', () => {
    const view = zoomAt(whole, 2, 100, 50);
    // A point p of the picture is at view + p * scale.
    expect(view.x + 100 * view.scale).toBe(100);
    expect(view.y + 50 * view.scale).toBe(50);
    expect(zoomAt(view, 0.1, 30, 30)).toEqual(whole);
    expect(zoomAt(whole, 100, 0, 0).scale).toBeLessThan(10);
    expect(keepInside({ scale: 2, x: 9999, y: -9999 }, 300, 200)).toEqual({ scale: 2, x: 300, y: -200 });
  });
});

describe('sizes', () => {
  it('are told in the unit that suits them', () => {
    expect([12, 1500, 1_440_000, 2_000_000_000].map(sizeWords)).toEqual(['12 bytes', '2 kB', '1.4 MB', '2 GB']);
  });
});

describe('uploads', () => {
  const file = (name: string) => new File(['x'], name, { type: 'image/png' });
  const uploaded = (name: string): Uploaded => ({ id: `id-${name}`, kind: 'picture', name, size: 1, type: 'image/jpeg', width: 2, height: 3, color: '#fff' });

  it('go a few at a time, in the order chosen, and no more than fit', async () => {
    const waiting = new Map<string, (value: Uploaded) => void>();
    const send: typeof upload = (_, { name }) => new Promise((resolve) => waiting.set(name, resolve));
    const uploads = new Uploads('picture', 3, send, async (body) => body);
    expect(uploads.add(['a', 'b', 'c', 'd'].map(file))).toBe(1);
    await expect.poll(() => [...waiting.keys()]).toEqual(['a', 'b']);
    waiting.get('b')!(uploaded('b'));
    await expect.poll(() => waiting.has('c')).toBe(true);
    waiting.get('c')!(uploaded('c'));
    waiting.get('a')!(uploaded('a'));
    await expect.poll(() => uploads.busy).toBe(false);
    expect(uploads.pictures.map((picture) => picture.id)).toEqual(['id-a', 'id-b', 'id-c']);
    uploads.end();
    expect(uploads.items).toEqual([]);
  });

  it('are tried again after a failure and cancelled when taken off', async () => {
    let fail = true;
    let cancelled = false;
    const send: typeof upload = (_, { name, signal }) => {
      if (name === 'slow') return new Promise((_, reject) => signal!.addEventListener('abort', () => { cancelled = true; reject(signal!.reason); }));
      return fail ? Promise.reject(new Problem(413, 'file-too-large')) : Promise.resolve(uploaded(name));
    };
    const uploads = new Uploads('file', 9, send, async (body) => body);
    uploads.add([file('a'), file('slow')]);
    await expect.poll(() => uploads.failed).toBe(true);
    expect(uploads.items[0]!.problem).toContain('too large');
    fail = false;
    uploads.retry(uploads.items[0]!.key);
    await expect.poll(() => uploads.done.map((one) => one.id)).toEqual(['id-a']);
    uploads.remove(uploads.items[1]!.key);
    expect(cancelled).toBe(true);
    expect(uploads.items.length).toBe(1);
  });

  it('are sent once more when the place of a photo shall stay in it', async () => {
    const asked: (boolean | undefined)[] = [];
    const send: typeof upload = (_, { name, keepLocation }) => {
      asked.push(keepLocation);
      return Promise.resolve({ ...uploaded(name), id: `id-${asked.length}`, kind: 'file', locationRemoved: !keepLocation });
    };
    const uploads = new Uploads('file', 9, send, async (body) => body);
    uploads.add([file('a')]);
    await expect.poll(() => uploads.items[0]!.result?.locationRemoved).toBe(true);
    const { key } = uploads.items[0]!;
    expect(uploads.canKeepLocation(key)).toBe(true);
    uploads.keepLocation(key);
    expect(uploads.busy).toBe(true);
    await expect.poll(() => uploads.done.map((one) => one.id)).toEqual(['id-2']);
    expect(asked).toEqual([undefined, true]);
    uploads.restore([{ ...uploaded('b'), locationRemoved: true }]);
    expect(uploads.canKeepLocation(uploads.items[0]!.key)).toBe(false);
  });
});
