import type { CommentEvent, LiveEvent, RefusalReason } from '../player/messages';

export interface Line {
  key: string;
  id: string | null;
  account: string;
  name: string;
  host: boolean;
  text: string;
  at: number;
  mine: boolean;
  status: 'sent' | 'sending' | 'failed';
  reason?: RefusalReason;
}

const most = 500;
const patienceMs = 10_000;
export const maxLength = 500;

type Send = (message: { type: 'comment'; clientId: string; text: string; at: number }) => boolean;

/** The comments on the page: what came, what one wrote oneself and whether it arrived. At most the last 500. */
export class Comments {
  lines = $state.raw<Line[]>([]);
  /** How many came in all, to tell which are new to a reader who scrolled up. */
  count = $state(0);
  muted = $state(false);
  mayComment = $state(false);
  #you: { account: string; name: string; host: boolean } = { account: '', name: '', host: false };
  #ids = new Set<string>();
  #flights = new Set<(line: Line) => void>();
  #historyBefore = 0;

  constructor(private readonly send: Send) {}

  /** Calls back with each comment that is new this moment, for danmaku. Gives a function that ends it. */
  onNew(listener: (line: Line) => void): () => void {
    this.#flights.add(listener);
    return () => this.#flights.delete(listener);
  }

  take(event: LiveEvent): void {
    switch (event.type) {
      case 'hello':
        this.#you = { account: event.you.account ?? '', name: event.you.name, host: event.you.host };
        this.mayComment = event.you.mayComment;
        if (this.mayComment) this.muted = false; // unmuted while the connection was away
        this.#historyBefore = event.at - 5000;
        for (const line of this.lines) if (line.status === 'sending') this.#transmit(line);
        break;
      case 'comment':
        this.#add(event, event.at >= this.#historyBefore);
        break;
      case 'deleted':
        this.remove(event.id);
        break;
      case 'muted':
        this.muted = event.muted;
        this.mayComment = !event.muted; // hello said no to whoever was muted then
        break;
      case 'refused':
        this.#change(event.clientId, { status: 'failed', reason: event.reason });
        if (event.reason === 'muted') this.muted = true;
        break;
    }
  }

  write(text: string, at: number): void {
    const line: Line = { key: newId(), id: null, account: this.#you.account, name: this.#you.name, host: this.#you.host, text, at, mine: true, status: 'sending' };
    this.#append(line);
    this.#transmit(line);
  }

  /** The same clientId again: were it there already, the server would give the same comment. */
  retry(line: Line): void {
    this.#change(line.key, { status: 'sending', reason: undefined });
    this.#transmit(line);
  }

  discard(line: Line): void {
    this.lines = this.lines.filter((other) => other.key !== line.key);
  }

  remove(id: string): void {
    this.lines = this.lines.filter((line) => line.id !== id);
  }

  /** For a replay: the list as it was at this moment. */
  show(events: CommentEvent[]): void {
    this.#ids = new Set(events.map((event) => event.id));
    this.lines = events.map((event) => this.#line(event));
  }

  /** For a replay: these were said just now. */
  say(events: CommentEvent[]): void {
    for (const event of events) this.#add(event, true);
  }

  asViewer(account: string, host: boolean): void {
    this.#you = { account, name: '', host };
    this.mayComment = false;
  }

  #add(event: CommentEvent, fresh: boolean): void {
    if (this.#ids.has(event.id)) return;
    this.#ids.add(event.id);
    const line = this.#line(event);
    // The echo of what one wrote oneself. Others may have chosen the same clientId.
    if (event.clientId && line.mine && this.lines.some((other) => other.mine && other.key === event.clientId)) this.#change(event.clientId, line);
    else this.#append(line);
    if (fresh) for (const listener of this.#flights) listener(line);
  }

  #line(event: CommentEvent): Line {
    return {
      key: event.clientId ?? event.id, id: event.id, account: event.account, name: event.name, host: event.host === true,
      text: event.text, at: event.at, mine: event.account === this.#you.account && this.#you.account !== '', status: 'sent',
    };
  }

  #append(line: Line): void {
    const lines = this.lines.length >= most ? this.lines.slice(this.lines.length - most + 1) : this.lines;
    // A clientId is chosen by its sender: two people's may be equal, keys of the list may not.
    const key = lines.some((other) => other.key === line.key) ? `${line.key} ${line.id}` : line.key;
    this.lines = [...lines, { ...line, key }];
    this.count++;
    if (this.#ids.size > most * 4) this.#ids = new Set(this.lines.flatMap((one) => one.id ?? []));
  }

  #transmit(line: Line): void {
    // Not connected: it waits as "sending" and goes out with the next hello, or fails in time.
    this.send({ type: 'comment', clientId: line.key, text: line.text, at: line.at });
    setTimeout(() => {
      if (this.lines.some((other) => other.key === line.key && other.status === 'sending')) this.#change(line.key, { status: 'failed' });
    }, patienceMs);
  }

  #change(key: string, change: Partial<Line>): void {
    this.lines = this.lines.map((line) => (line.key === key ? { ...line, ...change, key } : line));
  }
}

/** 32 hexadecimal digits. `crypto.randomUUID` is missing on plain HTTP in a home network. */
export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
