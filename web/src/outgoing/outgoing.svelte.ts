import { Problem } from '../api/http';
import { Backoff } from '../watch/player/backoff';
import { newId } from '../watch/comments/comments.svelte';

/** What a person sent off and the server has not acknowledged yet. */
export interface Waiting {
  clientId: string;
  createdAt: string;
  /** Rises with each on this device, whatever the clock does. */
  order: number;
  /** `failed`: the server said no; a person decides whether to try again. Everything else is tried again by itself. */
  state: 'waiting' | 'failed';
  /** Why it failed: a problem's code. */
  code?: string;
  status?: number;
}

/** What is written of an item; the rest is this file's. A union stays one. */
export type Written<Item> = Item extends Waiting ? Omit<Item, keyof Waiting> : never;

export interface Shelf {
  keys(): string[];
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
}

/** At most this many wait on one device; whoever writes more is told to wait. */
export const most = 200;
const adoptMs = 10_000;

export interface Surroundings<Item extends Waiting, Answer> {
  shelf: Shelf;
  /** Items of one lane go one at a time, in the order of writing. */
  lane: (item: Item) => string;
  send: (item: Item) => Promise<Answer>;
  /** The server has it. */
  sent: (item: Item, answer: Answer) => void;
  wait: (ms: number, wake: (again: () => void) => void) => Promise<void>;
}

/**
 * What is on its way. Each item is written to the device before anything else, so neither a reload nor a restart of the browser loses it, and is sent again under the same
 * clientId until the server answers: there it stays one.
 */
export class Outgoing<Item extends Waiting, Answer> {
  #items = $state.raw<readonly Item[]>([]);
  #running = new Set<string>();
  #wakes = new Set<() => void>();
  #over = false;
  #adopting: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly prefix: string, private readonly around: Surroundings<Item, Answer>) {
    this.#items = this.#stored();
    this.#start();
  }

  get all(): readonly Item[] {
    return this.#items;
  }

  /** False when too much waits already. */
  write(written: Written<Item>): boolean {
    if (this.#items.length >= most) return false;
    const item = { ...written, clientId: newId(), createdAt: new Date().toISOString(), order: this.#order(), state: 'waiting' } as unknown as Item;
    this.#put(item);
    void this.#run(this.around.lane(item));
    return true;
  }

  /** Again, at the end of what waits, under the same clientId. */
  retry(clientId: string): void {
    const found = this.#items.find((one) => one.clientId === clientId);
    if (found?.state !== 'failed') return;
    this.#items = this.#items.filter((one) => one !== found);
    this.#put({ ...found, state: 'waiting', code: undefined, status: undefined, createdAt: new Date().toISOString(), order: this.#order() });
    void this.#run(this.around.lane(found));
  }

  discard(clientId: string): void {
    this.#items = this.#items.filter((one) => one.clientId !== clientId);
    this.around.shelf.remove(this.prefix + clientId);
  }

  /** The network is back: whoever waits tries now. */
  wake(): void {
    for (const wake of this.#wakes) wake();
  }

  end(): void {
    this.#over = true;
    clearTimeout(this.#adopting);
    this.wake();
  }

  /** What another tab wrote or sent: this tab shows it. What still waits after a while is sent from here too; the other tab may be gone, and twice is once. */
  changedElsewhere(): void {
    this.#items = this.#stored();
    clearTimeout(this.#adopting);
    this.#adopting = setTimeout(() => this.#start(), adoptMs);
  }

  async #run(lane: string): Promise<void> {
    if (this.#running.has(lane)) return;
    this.#running.add(lane);
    const backoff = new Backoff(Math.random, 500, 15_000);
    let next: Item | undefined;
    while (!this.#over && (next = this.#items.find((one) => this.around.lane(one) === lane && one.state === 'waiting'))) {
      const waiting = next;
      try {
        const answer = await this.around.send(waiting);
        backoff.reset();
        if (this.#over) break;
        this.around.sent(waiting, answer);
        this.discard(waiting.clientId);
      } catch (reason) {
        if (this.#over) break;
        if (!(reason instanceof Problem)) throw reason;
        if (isFinal(reason)) this.#put({ ...waiting, state: 'failed', code: reason.code, status: reason.status });
        else await this.#rest(Math.max(backoff.next(), (reason.retryAfterSeconds ?? 0) * 1000));
      }
    }
    this.#running.delete(lane);
  }

  async #rest(ms: number): Promise<void> {
    let mine: (() => void) | undefined;
    await this.around.wait(ms, (again) => {
      mine = again;
      this.#wakes.add(again);
    });
    if (mine) this.#wakes.delete(mine);
  }

  #put(item: Item): void {
    // Kept before it is shown: what a person sees as sent off is on the device.
    this.around.shelf.set(this.prefix + item.clientId, JSON.stringify(item));
    const known = this.#items.some((other) => other.clientId === item.clientId);
    this.#items = known ? this.#items.map((other) => (other.clientId === item.clientId ? item : other)) : [...this.#items, item];
  }

  #stored(): Item[] {
    const found: Item[] = [];
    for (const key of this.around.shelf.keys()) {
      if (!key.startsWith(this.prefix)) continue;
      try {
        found.push(JSON.parse(this.around.shelf.get(key) ?? '') as Item);
      } catch {
        this.around.shelf.remove(key); // a half-written entry says nothing
      }
    }
    return found.sort((one, other) => one.order - other.order);
  }

  #order(): number {
    return Math.max(Date.now(), (this.#items.at(-1)?.order ?? 0) + 1);
  }

  #start(): void {
    for (const lane of new Set(this.#items.map(this.around.lane))) void this.#run(lane);
  }
}

/** The server understood and said no: saying the same again changes nothing. No answer, too many and too busy are worth another try. */
function isFinal(problem: Problem): boolean {
  return problem.status >= 400 && problem.status < 500 && problem.status !== 408 && problem.status !== 429 && problem.status !== 401;
}
