import { Problem } from '../api/http';
import type { Person } from '../api/types';
import { keepMoments, keptMoments } from '../chats/kept';
import { device, rest } from '../chats/shelf';
import { t } from '../i18n/i18n.svelte';
import { on, whenConnected } from '../realtime/realtime';
import { words } from '../shell/problems';
import { whenLeaving } from '../shell/session.svelte';
import { toast } from '../shell/toasts.svelte';
import * as calls from './calls';
import { MomentList } from './list.svelte';
import { MomentOutbox, prefixOf, type QueuedComment, type QueuedPost } from './outbox';
import type { Moment } from './types';

/** As long as the toast that offers to take it back. */
const undoMs = 8000;

/** Moments for whoever is signed in: the feed, other lists that are on the page, what waits to be sent. One for the whole tab. */
export class Moments {
  readonly feed: MomentList;
  readonly outbox: MomentOutbox;
  /** Where the feed was left, to come back to. */
  scrolled = 0;
  #lists = new Set<MomentList>();
  #leaving = new Map<string, ReturnType<typeof setTimeout>>();
  #ends: (() => void)[] = [];
  #over = false;

  constructor(readonly me: Person) {
    this.feed = new MomentList(me, calls.feed);
    this.#lists.add(this.feed);
    this.outbox = new MomentOutbox(me.id, { shelf: device, post: calls.post, comment: calls.comment, wait: rest, onSent: (one, id) => (one.kind === 'post' ? void this.#posted(one, id) : this.#commented(one, id)) });
    const woken = () => this.outbox.wake();
    const stored = (event: StorageEvent) => {
      if (event.key === null || event.key.startsWith(prefixOf(me.id))) this.outbox.changedElsewhere();
    };
    const leaving = () => void this.#deleteNow();
    // Deleted on a page that went before its request did, or without a network: done now.
    for (const key of device.keys().filter((one) => one.startsWith(this.#deletedKey('')))) {
      const id = key.slice(this.#deletedKey('').length);
      this.feed.leave(id, true);
      void this.#delete(id);
    }
    addEventListener('online', woken);
    addEventListener('storage', stored);
    addEventListener('pagehide', leaving);
    this.#ends.push(
      on('moment', (event) => this.#lists.forEach((list) => list.heard(event))),
      whenConnected(() => {
        this.outbox.wake();
        for (const list of this.#lists) if (list.loaded) void list.check();
      }),
      whenLeaving(() => this.#deleteNow()),
      () => removeEventListener('online', woken),
      () => removeEventListener('storage', stored),
      () => removeEventListener('pagehide', leaving),
    );
    void keptMoments(me.id).then((kept) => {
      if (kept && !this.#over) this.feed.restore(kept);
    });
  }

  /** Another list hears of changes while it is on the page. Gives a function that ends it. */
  follow(list: MomentList): () => void {
    this.#lists.add(list);
    return () => this.#lists.delete(list);
  }

  keep(): void {
    void keepMoments(this.me.id, this.feed.items);
  }

  /** Gone from the page at once, from the server when nobody took it back. */
  remove(moment: Moment): void {
    this.#lists.forEach((list) => list.leave(moment.id, true));
    const timer = setTimeout(() => void this.#delete(moment.id), undoMs);
    this.#leaving.set(moment.id, timer);
    device.set(this.#deletedKey(moment.id), '');
    toast(t('moments.deleted'), {
      action: {
        label: t('common.undo'),
        run: () => {
          clearTimeout(timer);
          if (!this.#leaving.delete(moment.id)) return;
          device.remove(this.#deletedKey(moment.id));
          this.#lists.forEach((list) => list.leave(moment.id, false));
        },
      },
    });
  }

  end(): void {
    this.#over = true;
    this.outbox.end();
    for (const end of this.#ends) end();
  }

  #deletedKey(id: string): string {
    return `weir.deleted-moments.${this.me.id}.${id}`;
  }

  async #delete(id: string): Promise<void> {
    this.#leaving.delete(id);
    try {
      await calls.remove(id);
      this.#lists.forEach((list) => list.drop(id));
      device.remove(this.#deletedKey(id));
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason;
      // Without an answer it is tried again with the next page.
      if (reason.status > 0) device.remove(this.#deletedKey(id));
      if (reason.status !== 404) toast(words(reason), { kind: 'error' });
    }
    this.#lists.forEach((list) => list.leave(id, false));
  }

  /** The page goes before the time to take it back is over: what was deleted is deleted. */
  async #deleteNow(): Promise<void> {
    const ids = [...this.#leaving.keys()];
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    this.#leaving.clear();
    // `keepalive` mostly outlives the page; where it does not, the next page does it.
    await Promise.all(ids.map((id) => fetch(`/api/moments/${id}`, { method: 'DELETE', headers: { 'X-Weir': '1' }, keepalive: true }).catch(() => {})));
  }

  async #posted(post: QueuedPost, id: string): Promise<void> {
    const made: Moment = {
      id, author: this.me, text: post.text, pictures: post.pictures, card: post.card, createdAt: new Date().toISOString(), mine: true, audience: post.audience, liked: false, likes: [], comments: [],
    };
    this.#lists.forEach((list) => list.posted(made));
    await this.feed.reread(id);
    this.keep();
  }

  #commented(one: QueuedComment, id: string): void {
    const comment = { id, author: this.me, text: one.text, replyTo: one.replyTo?.author ?? null, createdAt: new Date().toISOString(), mine: true };
    this.#lists.forEach((list) => list.commented(one.moment, comment));
  }
}

let current: Moments | null = null;

/** The moments of this person; another's before are over. */
export function momentsOf(me: Person): Moments {
  if (current?.me.id !== me.id) {
    current?.end();
    current = new Moments(me);
  }
  return current;
}

/** Nobody is signed in any more. What was kept goes with the chats' copies. */
export function endMoments(): void {
  current?.end();
  current = null;
}
