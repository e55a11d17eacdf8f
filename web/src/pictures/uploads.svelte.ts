import type { Picture, Uploaded, UploadKind } from '../api/types';
import { words } from '../shell/problems';
import { thumbUrl } from './address';
import { shrink } from './shrink';
import { upload } from './upload';

export interface Upload {
  key: number;
  name: string;
  size: number;
  /** An address of the picture on this device. */
  preview: string | null;
  state: 'waiting' | 'sending' | 'done' | 'failed';
  /** 0 to 1. */
  progress: number;
  /** Why it failed, in words. */
  problem: string | null;
  result: Uploaded | null;
  /** This person wants where it was made to stay in it. */
  keepLocation?: boolean;
}

const atOnce = 2;

/** What a person chose to send: each is uploaded at once, a few at a time, and can be taken off or tried again. Call `end` when the page goes. */
export class Uploads {
  #items = $state.raw<readonly Upload[]>([]);
  #work = new Map<number, { file: Blob; abort: AbortController }>();
  #next = 1;

  constructor(readonly kind: UploadKind = 'picture', readonly most = 9, private readonly send: typeof upload = upload, private readonly prepare: typeof shrink = shrink) {}

  get items(): readonly Upload[] {
    return this.#items;
  }

  get busy(): boolean {
    return this.#items.some((item) => item.state === 'waiting' || item.state === 'sending');
  }

  get failed(): boolean {
    return this.#items.some((item) => item.state === 'failed');
  }

  get full(): boolean {
    return this.#items.length >= this.most;
  }

  /** What is on the server, in the order in which it was chosen. */
  get done(): Uploaded[] {
    return this.#items.flatMap((item) => item.result ?? []);
  }

  get pictures(): Picture[] {
    return this.done.map(({ id, width, height, color }) => ({ id, width: width ?? 1, height: height ?? 1, color }));
  }

  /** How many were left out because there is room for no more. */
  add(files: Iterable<File>): number {
    const all = [...files];
    const taken = all.slice(0, Math.max(0, this.most - this.#items.length));
    const added = taken.map((file): Upload => {
      const key = this.#next++;
      this.#work.set(key, { file, abort: new AbortController() });
      return {
        key, name: file.name || 'picture', size: file.size, preview: this.kind === 'file' ? null : URL.createObjectURL(file), state: 'waiting', progress: 0, problem: null, result: null,
      };
    });
    this.#items = [...this.#items, ...added];
    this.#start();
    return all.length - taken.length;
  }

  /** What was uploaded before, by this page or one that is gone. */
  restore(files: readonly Uploaded[]): void {
    this.#items = files.slice(0, this.most).map((result): Upload => ({
      key: this.#next++, name: result.name, size: result.size, preview: this.kind === 'file' ? null : thumbUrl(result.id), state: 'done', progress: 1, problem: null, result,
    }));
  }

  remove(key: number): void {
    const item = this.#items.find((one) => one.key === key);
    if (item?.preview?.startsWith('blob:')) URL.revokeObjectURL(item.preview);
    this.#work.get(key)?.abort.abort();
    this.#work.delete(key);
    this.#items = this.#items.filter((one) => one.key !== key);
    this.#start();
  }

  retry(key: number): void {
    this.#change(key, { state: 'waiting', progress: 0, problem: null });
    this.#start();
  }

  /** False for what another page uploaded: its bytes are not here any more. */
  canKeepLocation(key: number): boolean {
    return this.#work.has(key);
  }

  /** Where it was made was taken out, and shall stay in: it is sent once more. */
  keepLocation(key: number): void {
    this.#change(key, { state: 'waiting', progress: 0, problem: null, result: null, keepLocation: true });
    this.#start();
  }

  /** Everything is sent: begin anew. */
  clear(): void {
    for (const item of this.#items) this.remove(item.key);
  }

  end(): void {
    this.clear();
  }

  #start(): void {
    let free = atOnce - this.#items.filter((item) => item.state === 'sending').length;
    for (const item of this.#items) {
      if (free <= 0) return;
      if (item.state !== 'waiting') continue;
      free--;
      void this.#send(item);
    }
  }

  async #send(item: Upload): Promise<void> {
    const work = this.#work.get(item.key);
    if (!work) return;
    this.#change(item.key, { state: 'sending' });
    try {
      const body = this.kind === 'file' ? work.file : await this.prepare(work.file);
      const result = await this.send(body, {
        as: this.kind, name: item.name, keepLocation: item.keepLocation, signal: work.abort.signal, onprogress: (progress) => this.#change(item.key, { progress }),
      });
      this.#change(item.key, { state: 'done', progress: 1, result });
    } catch (reason) {
      if (!work.abort.signal.aborted) this.#change(item.key, { state: 'failed', problem: words(reason) });
    }
    this.#start();
  }

  #change(key: number, change: Partial<Upload>): void {
    this.#items = this.#items.map((item) => (item.key === key ? { ...item, ...change } : item));
  }
}
