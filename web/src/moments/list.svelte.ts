import { Problem } from '../api/http';
import type { Audience, Person } from '../api/types';
import * as calls from './calls';
import type { Comment, Moment } from './types';

const soonMs = 250;

type Read = (before?: calls.Before) => Promise<Moment[]>;

/**
 * Moments, newest first, as far as they were loaded: the feed, or one person's. What stands there never moves by itself: newer ones are counted in `fresh` until somebody wants them.
 */
export class MomentList {
  items = $state.raw<readonly Moment[]>([]);
  loaded = $state(false);
  /** The end was reached: there are no older ones. */
  ended = $state(false);
  loading = $state(false);
  problem = $state.raw<unknown>(null);
  #fresh = $state.raw<ReadonlySet<string>>(new Set());
  /** Being deleted: out of sight, and still there if somebody takes it back. */
  #leaving = $state.raw<ReadonlySet<string>>(new Set());
  #busy = new Set<string>();
  /** Which reading of a moment is the newest: an older answer that comes late says nothing. */
  #turns = new Map<string, number>();
  #soon = new Map<string, ReturnType<typeof setTimeout>>();
  #reading: Promise<void> | null = null;
  #kept = false;

  /** `whose`: the feed counts what is new; one person's list reads again. `mine`: what I post stands in it. */
  constructor(private readonly me: Person, private readonly read: Read, private readonly whose: 'everybody' | 'one' = 'everybody', private readonly mine = true) {}

  get shown(): readonly Moment[] {
    return this.#leaving.size === 0 ? this.items : this.items.filter((one) => !this.#leaving.has(one.id));
  }

  get fresh(): number {
    return this.#fresh.size;
  }

  /** What this device kept, until the server says better. */
  restore(items: readonly Moment[]): void {
    if (this.loaded) return;
    this.items = items;
    this.loaded = this.#kept = true;
  }

  /** The newest page from the server, in the place of everything. */
  async renew(): Promise<void> {
    this.loading = true;
    try {
      const page = await this.read();
      this.items = page;
      this.ended = page.length < calls.pageSize;
      this.#fresh = new Set();
      this.loaded = true;
      this.#kept = false;
      this.problem = null;
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason;
      this.problem = reason;
    } finally {
      this.loading = false;
    }
  }

  /** Compares with the server and leaves everything in its place: what changed is shown, what is gone goes, what is new is counted. */
  check(): Promise<void> {
    this.#reading ??= this.#compare().finally(() => (this.#reading = null));
    return this.#reading;
  }

  async #compare(): Promise<void> {
    if (!this.loaded || this.#kept || this.items.length === 0) return this.renew();
    const before = new Set(this.items.map((one) => one.id));
    let page: Moment[];
    try {
      page = await this.read();
      this.problem = null;
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason;
      this.problem = reason;
      return;
    }
    const now = new Map(page.map((one) => [one.id, one]));
    const known = new Set(this.items.map((one) => one.id));
    const fresh = page.filter((one) => !known.has(one.id)).map((one) => one.id);
    // Nothing of what stands here is on the page: too much came between to fit the two together.
    if (fresh.length === page.length && page.length > 0) return void (this.#fresh = new Set(fresh));
    const oldest = page.at(-1);
    const whole = page.length < calls.pageSize;
    this.items = this.items.flatMap((one) => {
      if (this.#busy.has(one.id) || !before.has(one.id)) return one;
      return now.get(one.id) ?? (whole || one.createdAt > oldest!.createdAt ? [] : one);
    });
    if (whole) this.ended = true;
    this.#fresh = new Set(fresh);
  }

  async older(): Promise<void> {
    const last = this.items.at(-1);
    if (!last || this.ended || this.loading) return;
    this.loading = true;
    try {
      const page = await this.read(last);
      const known = new Set(this.items.map((one) => one.id));
      this.items = [...this.items, ...page.filter((one) => !known.has(one.id))];
      this.ended = page.length < calls.pageSize;
      this.problem = null;
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason;
      this.problem = reason; // shown with a button to try again
    } finally {
      this.loading = false;
    }
  }

  /** The server hinted at something. */
  heard({ id, what }: { id: string; what: string }): void {
    if (what === 'deleted') {
      this.drop(id);
      this.#uncount(id);
    } else if (this.items.some((one) => one.id === id)) {
      // Many like the same at the same time: read it once.
      if (this.#soon.has(id)) return;
      this.#soon.set(id, setTimeout(() => {
        this.#soon.delete(id);
        void this.reread(id);
      }, soonMs));
    } else if (what === 'posted' && this.loaded) {
      if (this.whose === 'everybody') this.#fresh = new Set([...this.#fresh, id]);
      else void this.check();
    }
  }

  async reread(id: string): Promise<void> {
    const turn = (this.#turns.get(id) ?? 0) + 1;
    this.#turns.set(id, turn);
    try {
      const moment = await calls.one(id);
      if (this.#turns.get(id) === turn) this.put(moment);
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason;
      if (reason.status === 404) this.drop(id);
    }
  }

  /** One that I posted: it stands at the top. */
  posted(moment: Moment): void {
    if (!this.mine) return;
    this.#uncount(moment.id);
    if (this.items.some((one) => one.id === moment.id)) return this.put(moment);
    this.items = [moment, ...this.items];
    this.loaded = true;
  }

  put(moment: Moment): void {
    // What is being done here right now is newer than any answer.
    if (!this.#busy.has(moment.id)) this.change(moment.id, () => moment);
  }

  drop(id: string): void {
    this.items = this.items.filter((one) => one.id !== id);
  }

  /** Out of sight while it can still be taken back. */
  leave(id: string, leaving: boolean): void {
    const next = new Set(this.#leaving);
    if (leaving) next.add(id);
    else next.delete(id);
    this.#leaving = next;
  }

  change(id: string, how: (moment: Moment) => Moment): void {
    this.items = this.items.map((one) => (one.id === id ? how(one) : one));
  }

  /** Shown at once; taken back when the server says no. */
  async like(moment: Moment, wanted: boolean): Promise<void> {
    await this.#optimistic(
      moment.id,
      (one) => ({ ...one, liked: wanted, likes: [...one.likes.filter((person) => person.id !== this.me.id), ...(wanted ? [this.me] : [])] }),
      () => calls.like(moment.id, wanted),
    );
  }

  async removeComment(moment: string, comment: Comment): Promise<void> {
    await this.#optimistic(moment, (one) => ({ ...one, comments: one.comments.filter((other) => other.id !== comment.id) }), () => calls.removeComment(moment, comment.id));
  }

  async changeAudience(moment: string, audience: Audience, widen?: true): Promise<void> {
    const changed = await calls.changeAudience(moment, audience, widen);
    this.change(moment, () => changed);
  }

  commented(moment: string, comment: Comment): void {
    this.change(moment, (one) => (one.comments.some((other) => other.id === comment.id) ? one : { ...one, comments: [...one.comments, comment] }));
  }

  async #optimistic(id: string, how: (moment: Moment) => Moment, tell: () => Promise<void>): Promise<void> {
    const before = this.items.find((one) => one.id === id);
    this.change(id, how);
    this.#busy.add(id);
    try {
      await tell();
    } catch (reason) {
      if (before) this.change(id, () => before);
      throw reason;
    } finally {
      this.#busy.delete(id);
      void this.reread(id);
    }
  }

  #uncount(id: string): void {
    if (this.#fresh.has(id)) this.#fresh = new Set([...this.#fresh].filter((one) => one !== id));
  }
}
