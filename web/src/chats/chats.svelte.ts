import { Problem } from '../api/http';
import type { Person } from '../api/types';
import { on, whenConnected } from '../realtime/realtime';
import { setBadge } from '../shell/badges.svelte';
import * as calls from './calls';
import { Drafts } from './drafts.svelte';
import { forgetEverything, forgetThread, keepList, keepThread, keptList, keptThread } from './kept';
import { Outbox } from './outbox.svelte';
import { ReadMarks } from './read-marks';
import { device, rest } from './shelf';
import { Thread } from './thread.svelte';
import type { Entry, Invitation, Message } from './types';

const mostHeld = 8;
const typingMs = 6000;

/** The conversations of whoever is signed in: the list, the open ones, what waits to be sent. One for the whole tab. */
export class Chats {
  entries = $state.raw<readonly Entry[]>([]);
  loaded = $state(false);
  /** Large groups that want me. */
  invitations = $state.raw<readonly Invitation[]>([]);
  problem = $state.raw<unknown>(null);
  /** A further page of the list is on its way, or did not come. */
  paging = $state(false);
  pageProblem = $state.raw<unknown>(null);
  /** The list was asked of the server: from now on what it says of unread messages is not only what this device kept. */
  readonly listed: Promise<void>;
  readonly outbox: Outbox;
  readonly drafts: Drafts;
  /** Who is typing to me right now, by conversation. */
  typing = $state<Record<string, string>>({});
  /** The conversation that is open, seen and at its end: what comes is read as it comes. */
  watched = $state<string | null>(null);
  #next = $state<string | null>(null);
  #threads = new Map<string, Thread>();
  readonly #marks = new ReadMarks(calls.read);
  #ends: (() => void)[] = [];
  #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #reading: Promise<void> | null = null;
  #onTheWay = new Set<(() => void)[]>();
  #again = false;
  #over = false;

  constructor(readonly me: Person) {
    this.outbox = new Outbox(me, { shelf: device, send: calls.send, onSent: (message) => this.#take(message), wait: rest });
    this.drafts = new Drafts(me.id, device);
    this.#ends.push(
      on('message', (message) => this.#take(message)),
      on('recalled', (event) => this.#change(event, (message) => ({ ...message, text: null, replyTo: null, mentions: [], recalledAt: event.recalledAt, pictures: null, file: null, card: null, link: null }))),
      on('link', (event) => this.#change(event, (message) => ({ ...message, link: event.link }))),
      on('read', (event) => this.#wasRead(event.conversation, event.seq)),
      on('conversation', (event) => this.#conversationChanged(event)),
      on('asked', () => void this.readInvitations()),
      on('typing', (event) => this.#isTyping(event)),
      whenConnected(() => void this.#connected()),
    );
    const woken = () => this.outbox.wake();
    const stored = (event: StorageEvent) => {
      if (event.key === null || event.key.startsWith('weir.outbox.')) this.outbox.changedElsewhere();
      if (event.key === null || event.key.startsWith('weir.draft.')) this.drafts.changedElsewhere();
    };
    addEventListener('online', woken);
    addEventListener('storage', stored);
    this.#ends.push(() => removeEventListener('online', woken), () => removeEventListener('storage', stored));
    this.listed = this.#begin();
  }

  get more(): boolean {
    return this.#next !== null;
  }

  entry(id: string): Entry | undefined {
    return this.entries.find((one) => one.id === id);
  }

  /** The conversation, held from before or new; brought up to date by its `open`. */
  thread(id: string): Thread {
    let thread = this.#threads.get(id);
    if (!thread) thread = new Thread(id);
    this.#threads.delete(id);
    this.#threads.set(id, thread);
    if (this.#threads.size > mostHeld) this.#threads.delete(this.#threads.keys().next().value!);
    return thread;
  }

  async restore(thread: Thread): Promise<void> {
    const kept = await keptThread(thread.id);
    if (kept && !thread.loaded && !this.#over) thread.restore(kept.details, kept.messages);
  }

  /** Reads the list again; calls while it is being read end in one more reading. */
  refresh(): Promise<void> {
    if (this.#reading) {
      this.#again = true;
      return this.#reading;
    }
    this.#reading = this.#readList().finally(() => {
      this.#reading = null;
      if (this.#again) {
        this.#again = false;
        void this.refresh();
      }
    });
    return this.#reading;
  }

  async older(): Promise<void> {
    if (this.paging || !this.#next) return;
    this.paging = true;
    try {
      await this.#reading;
      const before = this.#next;
      if (!before) return;
      const { page, heard } = await this.#page(before);
      if (this.#next !== before) return;
      const known = new Set(page.conversations.map((one) => one.id));
      this.#show([...this.entries.filter((one) => !known.has(one.id)), ...page.conversations]);
      this.#next = page.next;
      for (const change of heard) change();
      this.pageProblem = null;
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason;
      this.pageProblem = reason;
    } finally {
      this.paging = false;
    }
  }

  /** Everything up to here was seen. */
  async markRead(id: string, seq: number): Promise<void> {
    const entry = this.entry(id);
    if (entry && entry.readSeq >= seq && entry.unread === 0) return;
    const before = entry?.readSeq ?? 0;
    this.#wasRead(id, seq);
    if (before >= seq) return;
    try {
      // Not told: said again with what is read next, or after the next connection.
      await this.#marks.add(id, before, seq, (known) => this.#hear(() => this.#patch(id, (one) => ({ ...one, readSeq: known }))));
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason;
    }
  }

  async turn(entry: { id: string }, what: 'mute' | 'pin', wanted: boolean): Promise<void> {
    await calls.turn(entry.id, what, wanted);
    this.#patch(entry.id, (one) => (what === 'mute' ? { ...one, muted: wanted } : { ...one, pinned: wanted }));
  }

  async readInvitations(): Promise<void> {
    try {
      const found = await calls.invitations();
      if (!this.#over) this.invitations = found;
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason; // shown when the connection is back
    }
  }

  /** Comes into the group, or does not; nobody hears of a no. */
  async answer(invitation: Invitation, comes: boolean): Promise<void> {
    if (comes) await calls.accept(invitation.conversation);
    else await calls.decline(invitation.conversation);
    this.invitations = this.invitations.filter((one) => one !== invitation);
  }

  /** Signed out or gone to another account. */
  end(): void {
    this.#over = true;
    for (const end of this.#ends) end();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.outbox.end();
    setBadge('chats', 0);
  }

  async #begin(): Promise<void> {
    const kept = await keptList(this.me.id);
    if (kept && !this.loaded && !this.#over) {
      this.#show(kept);
      this.loaded = true;
    }
    if (!this.#over) await this.refresh();
  }

  async #connected(): Promise<void> {
    this.outbox.wake();
    void this.readInvitations();
    // The list first; then each held conversation from the newest number it has.
    await this.refresh();
    if (this.#over) return;
    for (const thread of this.#threads.values()) if (thread.loaded) void thread.catchUp().then(() => this.keep(thread));
  }

  async #readList(): Promise<void> {
    try {
      const { page, heard } = await this.#page();
      if (this.#over) return;
      const known = new Set(page.conversations.map((one) => one.id));
      const oldest = page.conversations.filter((one) => !one.pinned).at(-1);
      // Pages below stay as they were loaded; what should be on this page and is not, is gone.
      const below = page.next === null || !oldest ? [] : this.entries.filter((one) => !known.has(one.id) && !one.pinned && one.lastAt < oldest.lastAt);
      if (below.length === 0) this.#next = page.next;
      this.#show([...page.conversations, ...below]);
      for (const change of heard) change();
      this.loaded = true;
      this.problem = null;
      this.pageProblem = null;
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason;
      this.problem = reason;
    }
  }

  /** A page of the list, and what was heard while it was on its way: the page may be older, so that is to be heard once more when it is shown. */
  async #page(before?: string): Promise<{ page: calls.Page; heard: readonly (() => void)[] }> {
    const heard: (() => void)[] = [];
    this.#onTheWay.add(heard);
    try {
      return { page: await calls.list(before), heard };
    } finally {
      this.#onTheWay.delete(heard);
    }
  }

  /** Changes the list, and may do so twice. */
  #hear(change: () => void): void {
    for (const heard of this.#onTheWay) heard.push(change);
    change();
  }

  #take(message: Message): void {
    if (this.#over) return;
    const mine = message.sender.id === this.me.id;
    const thread = this.#threads.get(message.conversation);
    thread?.take(message);
    if (mine) this.outbox.discard(message.clientId);
    else delete this.typing[message.conversation];
    this.#hear(() => this.#list(message, mine));
    if (thread) this.keep(thread);
  }

  #list(message: Message, mine: boolean): void {
    const entry = this.entry(message.conversation);
    if (!entry) return void this.refresh();
    if (message.seq <= entry.lastSeq && entry.lastMessage?.seq !== message.seq) return;
    const fresh = message.seq > entry.lastSeq;
    const counts = fresh && !mine && !message.notice && message.seq > entry.readSeq && this.watched !== entry.id;
    const names = counts && message.mentions.includes(this.me.id);
    this.#patch(entry.id, (one) => ({
      ...one, lastMessage: message, lastSeq: message.seq, lastAt: message.sentAt, unread: one.unread + (counts ? 1 : 0),
      mentions: (one.mentions ?? 0) + (names ? 1 : 0), mentionSeq: one.mentionSeq ?? (names ? message.seq : null),
    }));
  }

  #change(event: { conversation: string; seq: number; id: string }, how: (message: Message) => Message): void {
    const thread = this.#threads.get(event.conversation);
    thread?.change(event.seq, event.id, how);
    if (thread) this.keep(thread);
    this.#hear(() => {
      const entry = this.entry(event.conversation);
      if (entry?.lastMessage?.id === event.id) this.#patch(entry.id, (one) => ({ ...one, lastMessage: how(one.lastMessage!) }));
    });
  }

  #wasRead(id: string, seq: number): void {
    this.#hear(() => this.#listRead(id, seq));
  }

  #listRead(id: string, seq: number): void {
    const entry = this.entry(id);
    if (!entry) return;
    if (seq >= entry.lastSeq) return this.#patch(id, (one) => ({ ...one, readSeq: Math.max(one.readSeq, seq), unread: 0, mentions: 0, mentionSeq: null }));
    if (seq <= entry.readSeq) return;
    const loaded = this.#threads.get(id)?.messages ?? [];
    const known = loaded.length > 0 && loaded[0]!.seq <= seq + 1 && loaded.at(-1)!.seq >= entry.lastSeq;
    const left = known ? loaded.filter((one) => one.seq > seq && one.sender.id !== this.me.id && !one.notice).length : Math.max(0, entry.unread - (seq - entry.readSeq));
    const naming = known ? loaded.filter((one) => one.seq > seq && one.sender.id !== this.me.id && one.mentions.includes(this.me.id)) : null;
    this.#patch(id, (one) => ({ ...one, readSeq: seq, unread: left, ...(naming ? { mentions: naming.length, mentionSeq: naming[0]?.seq ?? null } : {}) }));
    if (!known) void this.refresh();
  }

  #conversationChanged(event: { id: string; gone?: boolean }): void {
    const thread = this.#threads.get(event.id);
    if (event.gone) {
      if (thread) thread.gone = true;
      this.#threads.delete(event.id);
      this.#hear(() => this.#show(this.entries.filter((one) => one.id !== event.id)));
      void forgetThread(event.id);
      return;
    }
    if (thread) void thread.readDetails();
    void this.refresh();
  }

  #isTyping({ conversation, account }: { conversation: string; account: string }): void {
    this.typing[conversation] = account;
    clearTimeout(this.#timers.get(conversation));
    this.#timers.set(conversation, setTimeout(() => delete this.typing[conversation], typingMs));
  }

  /** Copies what is newest to this device, some time soon. */
  keep(thread: Thread): void {
    this.#soon(`keep ${thread.id}`, () => {
      if (thread.details && thread.atEnd && !thread.gone) void keepThread(thread.id, thread.details, thread.messages);
    });
  }

  /** Once a second at most, and not put off by what comes meanwhile: a lively group would never be kept. */
  #soon(key: string, work: () => void): void {
    if (this.#timers.has(key)) return;
    this.#timers.set(key, setTimeout(() => {
      this.#timers.delete(key);
      if (!this.#over) work();
    }, 1000));
  }

  #patch(id: string, how: (entry: Entry) => Entry): void {
    this.#show(this.entries.map((one) => (one.id === id ? how(one) : one)));
  }

  #show(entries: readonly Entry[]): void {
    this.entries = entries.toSorted((one, other) => Number(other.pinned) - Number(one.pinned) || (one.lastAt < other.lastAt ? 1 : one.lastAt > other.lastAt ? -1 : 0));
    setBadge('chats', this.entries.reduce((sum, one) => sum + (one.muted ? (one.mentions ?? 0) : one.unread), 0));
    this.#soon('keep', () => void keepList(this.me.id, this.entries));
  }
}

let current: Chats | null = null;

/** The chats of this person; another's before are over. */
export function chatsOf(me: Person): Chats {
  if (current?.me.id !== me.id) {
    current?.end();
    current = new Chats(me);
  }
  return current;
}

/** Nobody is signed in any more: nothing of theirs stays on this device. */
export function endChats(): Promise<void> {
  current?.end();
  current = null;
  return forgetEverything();
}
