import { waitMs } from '../../api/http';
import type { Ticket } from '../../api/types';
import { Backoff } from './backoff';
import { closing } from './close-codes';
import { parse, type Ended, type LiveEvent } from './messages';

export type SocketState = 'connecting' | 'open' | 'lost' | 'offline' | 'tooSlow';
export interface SocketEvents {
  event(event: LiveEvent): void;
  media(data: ArrayBuffer): void;
  state(state: SocketState): void;
  /** The end of it: no further attempt is made. `ended`: what was said of it, if anything. */
  over(why: 'cut' | 'ended' | 'tooMany', ended?: Ended): void;
  /** A new ticket, or null when there is none any more (the room has dealt with it). Throws when the server cannot be reached. */
  renew(): Promise<Ticket | null>;
  /** A connection could not be opened, `count` times in a row. */
  unopened(count: number): void;
}

/** The server sends `clock` every 2 s while live: so much silence is a dead connection. */
const silenceMs = 7000;
const quietSilenceMs = 60_000;
const tickMs = 1000;
/** Viewers whose open connections broke together ask for new tickets over so much time. Until then they come back with the one they have. */
const renewalSpreadMs = 3000;

/** The viewer's WebSocket, which reconnects by itself until the server says that it is over. */
export class LiveSocket {
  readonly #backoff = new Backoff();
  #socket: WebSocket | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setInterval>;
  #heard = performance.now();
  #tickedAt = performance.now();
  #wasOpen = false;
  /** The first hello of a connection opens it; later ones announce other codecs. */
  #greeted = false;
  #unopened = 0;
  #everOpen = false;
  /** When a refused connection is worth a new ticket. */
  #renewFrom: number | null = null;
  #over = false;
  #live = false;

  constructor(
    private ticket: Ticket,
    private readonly media: boolean,
    private readonly on: SocketEvents,
    private readonly random: () => number = Math.random,
  ) {
    this.#watchdog = setInterval(() => this.#watch(), tickMs);
    addEventListener('online', this.#wake);
    addEventListener('offline', this.#offline);
    document.addEventListener('visibilitychange', this.#seen);
    on.state('connecting');
    this.#connect();
  }

  get open(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  send(message: unknown): boolean {
    if (!this.open) return false;
    this.#socket!.send(JSON.stringify(message));
    return true;
  }

  /** Begins again from a keyframe: after an overflow or a dead decoder. */
  reconnect(): void {
    if (this.#over) return;
    this.#drop();
    this.#connect();
  }

  stop(): void {
    this.#over = true;
    clearTimeout(this.#retry);
    clearInterval(this.#watchdog);
    removeEventListener('online', this.#wake);
    removeEventListener('offline', this.#offline);
    document.removeEventListener('visibilitychange', this.#seen);
    this.#drop();
  }

  #connect(): void {
    clearTimeout(this.#retry);
    const url = this.ticket.watch.websocket;
    this.#wasOpen = false;
    this.#greeted = false;
    let socket: WebSocket;
    try {
      socket = new WebSocket(this.media ? url : `${url}${url.includes('?') ? '&' : '?'}media=none`);
    } catch (reason) {
      // An address the browser does not allow (ws: from an https: page): as if it had not opened, so that another way is tried.
      if (!(reason instanceof DOMException)) throw reason;
      this.#closed(1006);
      return;
    }
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#heard = performance.now();
    socket.onopen = () => {
      this.#wasOpen = this.#everOpen = true;
      this.#unopened = 0;
      this.#renewFrom = null;
    };
    socket.onmessage = ({ data }) => {
      this.#heard = performance.now();
      if (typeof data === 'string') this.#text(data);
      else this.on.media(data as ArrayBuffer);
    };
    socket.onclose = ({ code }) => {
      if (socket === this.#socket) this.#closed(code);
    };
  }

  #text(data: string): void {
    const event = parse(data);
    if (!event) return;
    if (event.type === 'hello') {
      this.#live = event.live && event.mime !== null;
      this.#backoff.reset();
      if (!this.#greeted) this.on.state('open');
      this.#greeted = true;
    } else if (event.type === 'state') {
      this.#live = event.state === 'live';
    } else if (event.type === 'cut' || event.type === 'ended') {
      this.#finish(event.type, event.type === 'ended' ? event : undefined);
      return;
    }
    this.on.event(event);
  }

  #closed(code: number): void {
    this.#socket = null;
    if (this.#over) return;
    const meaning = closing(code, this.#wasOpen);
    if (meaning === 'cut' || meaning === 'ended' || meaning === 'tooMany') {
      this.#finish(meaning);
      return;
    }
    if (meaning === 'refused') this.on.unopened(++this.#unopened);
    if (this.#over) return;
    this.on.state(!navigator.onLine ? 'offline' : meaning === 'tooSlow' ? 'tooSlow' : 'lost');
    this.#later(meaning === 'refused' && this.#needsTicket());
  }

  #needsTicket(): boolean {
    if (!this.#everOpen) return true;
    const now = performance.now();
    this.#renewFrom ??= now + this.random() * renewalSpreadMs;
    return now >= this.#renewFrom;
  }

  /** @param atLeastMs What the server asked for. */
  #later(renew: boolean, atLeastMs = 0): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#again(renew), atLeastMs + this.#backoff.next());
  }

  async #again(renew: boolean): Promise<void> {
    if (renew) {
      try {
        const ticket = await this.on.renew();
        if (this.#over || !ticket) return;
        this.ticket = ticket;
      } catch (reason) {
        // Neither plane answers: that is what the backoff is for. One that is busy says for how long at least.
        if (!this.#over) this.#later(true, waitMs(reason));
        return;
      }
    }
    if (!this.#over && !this.#socket) this.#connect();
  }

  #finish(why: 'cut' | 'ended' | 'tooMany', ended?: Ended): void {
    this.stop();
    this.on.over(why, ended);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #watch(): void {
    const now = performance.now();
    const slept = now - this.#tickedAt > 5 * tickMs && !document.hidden;
    this.#tickedAt = now;
    const silence = now - this.#heard;
    if (this.#socket && silence > (this.#live ? silenceMs : quietSilenceMs)) this.#revive();
    else if (slept && silence > 3000) this.#revive();
  }

  #revive(): void {
    this.on.state('lost');
    this.#backoff.reset();
    this.reconnect();
  }

  readonly #wake = () => this.#revive();
  readonly #offline = () => this.on.state('offline');
  readonly #seen = () => {
    this.#tickedAt = performance.now();
    if (!document.hidden && performance.now() - this.#heard > silenceMs && this.#live) this.#revive();
  };
}
