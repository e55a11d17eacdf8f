import { Problem } from '../api/http';
import type { Asked } from './calls';
import type { Answer, Group, Kind } from './types';

const pauseMs = 250;
/** As the server takes it. */
export const longest = 200;

/** What is looked for and what was found. It outlives its page, so that coming back from a hit shows the same list at the same place. */
export class Search {
  text = $state('');
  conversation = $state<string | null>(null);
  /** The words that the groups are of; those being typed may be further. */
  asked = $state('');
  groups = $state.raw<Group[]>([]);
  indexing = $state(false);
  busy = $state(false);
  /** The kind of which more is being read. */
  reading = $state<Kind | null>(null);
  problem = $state.raw<Problem | null>(null);
  scrolled = 0;
  #turn = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly find: (asked: Asked) => Promise<Answer>) {}

  /** Nothing is there, and that is known. */
  get empty(): boolean {
    return this.asked !== '' && !this.busy && !this.problem && this.groups.length === 0;
  }

  /** What an address says: at once, and not again when it is what is shown. */
  open(text: string, conversation: string | null): void {
    if (text === this.asked && conversation === this.conversation) {
      this.text = text;
      return;
    }
    this.conversation = conversation;
    this.text = text;
    this.#clear();
    void this.now();
  }

  /** What somebody types: after a pause. */
  type(text: string): void {
    this.text = text;
    clearTimeout(this.#timer);
    const wanted = text.trim();
    if (wanted === '') this.#clear();
    else if (wanted === this.asked && !this.problem) this.#stop();
    else this.#timer = setTimeout(() => void this.now(), pauseMs);
  }

  /** Without a pause: the enter key, or again after a failure. */
  async now(): Promise<void> {
    clearTimeout(this.#timer);
    const q = this.text.trim();
    if (q === '') return;
    const turn = ++this.#turn;
    this.busy = true;
    this.reading = null;
    try {
      const { groups, indexing } = await this.find({ q, conversation: this.conversation });
      if (turn !== this.#turn) return;
      this.groups = groups;
      this.indexing = indexing;
      this.problem = null;
      this.scrolled = 0;
    } catch (reason) {
      if (turn !== this.#turn) return;
      if (!(reason instanceof Problem)) throw reason;
      this.groups = [];
      this.problem = reason;
    } finally {
      if (turn === this.#turn) {
        this.asked = q;
        this.busy = false;
      }
    }
  }

  /** The next page of one kind, below what is there of it. */
  async more(kind: Kind): Promise<void> {
    const group = this.groups.find((one) => one.kind === kind);
    if (!group?.next || this.reading) return;
    const turn = this.#turn;
    this.reading = kind;
    try {
      const answer = await this.find({ q: this.asked, conversation: this.conversation, kind, before: group.next });
      if (turn !== this.#turn) return;
      const page = answer.groups[0];
      this.groups = this.groups.map((one) => (one.kind === kind ? { kind, hits: [...one.hits, ...(page?.hits ?? [])], next: page?.next ?? null, partial: page?.partial ?? false } : one));
    } finally {
      if (turn === this.#turn) this.reading = null;
    }
  }

  /** What is on its way is not wanted any more. */
  #stop(): void {
    this.#turn++;
    this.busy = false;
    this.reading = null;
  }

  #clear(): void {
    this.#stop();
    this.asked = '';
    this.groups = [];
    this.problem = null;
    this.scrolled = 0;
  }
}
