import { Problem } from '../api/http';
import * as calls from './calls';
import { join, lastSeq, resumeAfter, trim, type Span } from './span';
import type { Details, Message } from './types';

const page = 50;
const catchUpPage = 200;
/** So many messages stay in the page; a conversation of a lifetime is walked through with this window. */
const most = 400;
/** Farther behind than so many pages, the newest is shown at once and the rest when one scrolls back. */
const mostPages = 5;

/** One conversation as far as it is loaded: a span of messages without gaps that ends at the newest, or somewhere above while one reads old ones. */
export class Thread {
  messages = $state.raw<Span>([]);
  details = $state.raw<Details | null>(null);
  /** The newest number there is, loaded or not. */
  newest = $state(0);
  loaded = $state(false);
  loading = $state<'older' | 'newer' | null>(null);
  problem = $state.raw<unknown>(null);
  /** It does not exist, or not for me. */
  gone = $state(false);
  /** The server has nothing at or below this number. */
  #floor = $state(0);
  #work: Promise<unknown> = Promise.resolve();

  constructor(readonly id: string, private readonly api: Pick<typeof calls, 'messages' | 'details'> = calls) {}

  get last(): number {
    return lastSeq(this.messages);
  }

  get atEnd(): boolean {
    return this.last >= this.newest;
  }

  get atStart(): boolean {
    const first = this.messages[0];
    return first === undefined ? this.loaded : first.seq <= Math.max(this.details?.fromSeq ?? 0, this.#floor) + 1;
  }

  /** What this device kept, shown until the server answers. */
  restore(details: Details, messages: Span): void {
    this.details = details;
    this.messages = messages;
    this.newest = Math.max(this.newest, this.last);
    this.loaded = true;
  }

  /** The start: the newest messages, or those around a number. What is held already is brought up to date instead. */
  open(around?: number): Promise<void> {
    return this.#alone(async () => {
      const following = this.atEnd;
      if (this.details === null) await this.#readDetails();
      if (around !== undefined && !this.messages.some((one) => one.seq === around)) await this.#around(around);
      else await this.#catchUp(following);
      this.loaded = true;
      await this.#readDetails();
    });
  }

  /** After a connection: everything that came meanwhile, in order. */
  catchUp(): Promise<void> {
    return this.#alone(async () => {
      await this.#catchUp(this.atEnd);
      this.loaded = true;
      await this.#readDetails();
    });
  }

  readDetails(): Promise<void> {
    return this.#alone(() => this.#readDetails());
  }

  older(): Promise<void> {
    if (this.loading || this.atStart || this.messages.length === 0) return Promise.resolve();
    this.loading = 'older';
    return this.#alone(async () => {
      const before = this.messages[0]?.seq;
      if (before === undefined) return;
      const found = await this.api.messages(this.id, { before }, page);
      if (found.length === 0) this.#floor = before - 1;
      this.messages = trim(join(this.messages, found), most, 'start');
    });
  }

  newer(): Promise<void> {
    if (this.loading || this.atEnd) return Promise.resolve();
    this.loading = 'newer';
    return this.#alone(async () => {
      const told = this.newest;
      const found = await this.api.messages(this.id, { after: this.last }, page);
      // A short page is the last one, unless something newer was heard of while it was on its way.
      this.newest = found.length < page && this.newest === told ? Math.max(lastSeq(found), this.last) : Math.max(this.newest, lastSeq(found));
      this.messages = trim(join(this.messages, found), most, 'end');
    });
  }

  toNewest(): Promise<void> {
    return this.#alone(async () => {
      if (!this.atEnd) await this.#newestPage();
    });
  }

  /** A message that came by itself, or the server's answer to my own. */
  take(message: Message): void {
    const followed = this.atEnd;
    this.newest = Math.max(this.newest, message.seq);
    if (!this.loaded) return;
    const joined = join(this.messages, [message]);
    if (joined === this.messages && this.messages.length > 0) {
      // There is a gap before it: events are hints, the calls are the truth.
      if (followed) void this.#alone(() => this.#catchUp(true));
      return;
    }
    if (followed || message.seq <= this.last) this.messages = trim(joined, most, 'end');
  }

  change(seq: number, id: string, how: (message: Message) => Message): void {
    if (this.messages.some((one) => one.seq === seq && one.id === id)) this.messages = this.messages.map((one) => (one.seq === seq ? how(one) : quoted(one, id, how)));
    else if (this.messages.some((one) => one.replyTo?.id === id)) this.messages = this.messages.map((one) => quoted(one, id, how));
  }

  async #readDetails(): Promise<void> {
    const details = await this.api.details(this.id);
    this.details = details;
    this.newest = Math.max(this.newest, details.lastSeq);
  }

  async #newestPage(): Promise<void> {
    const found = await this.api.messages(this.id, { before: Number.MAX_SAFE_INTEGER }, page);
    this.messages = found;
    this.newest = Math.max(this.newest, lastSeq(found));
  }

  async #around(seq: number): Promise<void> {
    const found = await this.api.messages(this.id, { after: Math.max(0, seq - page / 2) }, page);
    if (found.length === 0) await this.#newestPage();
    else this.messages = found;
  }

  async #catchUp(following: boolean): Promise<void> {
    if (this.messages.length === 0) return this.#newestPage();
    let after = resumeAfter(this.messages);
    for (let pages = 1; ; pages++) {
      const found = await this.api.messages(this.id, { after }, catchUpPage);
      const { last } = this;
      // Whoever reads old messages stays there; only what they see may have been recalled.
      this.messages = trim(join(this.messages, following ? found : found.filter((one) => one.seq <= last)), most, 'end');
      this.newest = Math.max(this.newest, lastSeq(found));
      if (!following || found.length < catchUpPage) return;
      if (pages === mostPages) return this.#newestPage();
      after = lastSeq(found);
    }
  }

  /** One change of the span at a time: two pages that arrive crosswise would tear it. */
  #alone(work: () => Promise<void>): Promise<void> {
    const mine = this.#work.then(async () => {
      try {
        await work();
        this.problem = null;
      } catch (reason) {
        if (!(reason instanceof Problem)) throw reason;
        if (reason.status === 404) this.gone = true;
        this.problem = reason;
      } finally {
        this.loading = null;
      }
    });
    this.#work = mine.catch(() => {});
    return mine;
  }
}

function quoted(message: Message, id: string, how: (message: Message) => Message): Message {
  if (message.replyTo?.id !== id) return message;
  const { text } = how({ ...message, ...message.replyTo, conversation: message.conversation });
  return { ...message, replyTo: { ...message.replyTo, text } };
}
