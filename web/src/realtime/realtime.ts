import { untrack } from 'svelte';
import { Problem } from '../api/http';
import * as api from '../api/calls';
import { signedOut } from '../shell/session.svelte';
import { Backoff } from '../watch/player/backoff';
import type { Events } from './events';
import { setConnected } from './state.svelte';

// One connection of this tab for everything the server says by itself. Events are hints: whoever shows something reads it again in `whenConnected`,
// which runs after every (re)connection. It loads after the page's first picture, and its library after it.

type Handler = (body: never) => void;
type Hub = import('@microsoft/signalr').HubConnection;

const handlers = new Map<string, Set<Handler>>();
const hooks = new Set<() => void>();
let hub: Hub | null = null;
let up = false;

/** Calls back with each event of this name. Gives a function that ends it. */
export function on<E extends keyof Events>(event: E, handler: (body: Events[E]) => void): () => void {
  let list = handlers.get(event);
  if (!list) {
    handlers.set(event, (list = new Set()));
    if (hub) listen(hub, event);
  }
  list.add(handler as Handler);
  return () => list.delete(handler as Handler);
}

/**
 * Runs the hook now if there is a connection, and after each that comes: the time to read what was missed. Gives a function that ends it.
 * An effect that calls this does not depend on what the hook reads: a hook that reads what it loads would run the effect, and load, without end.
 */
export function whenConnected(hook: () => void): () => void {
  hooks.add(hook);
  if (up) untrack(hook);
  return () => hooks.delete(hook);
}

/** Says something to the server that may be lost, like "is typing". */
export function say(method: string, ...values: unknown[]): void {
  if (up) void hub?.send(method, ...values).catch(() => {});
}

function listen(to: Hub, event: string): void {
  to.on(event, (body: never) => {
    for (const handler of handlers.get(event) ?? []) handler(body);
  });
}

/** Connects and stays connected until the function it gives is called: the person signed out. */
export function begin(): () => void {
  const backoff = new Backoff(Math.random, 500, 20_000);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let trying = false;
  let over = false;

  function down() {
    up = false;
    setConnected(false);
  }

  async function connect() {
    clearTimeout(timer);
    if (over || trying || up || !navigator.onLine) return;
    trying = true;
    let made: Hub | null = null;
    try {
      const { HubConnectionBuilder, HttpTransportType, LogLevel } = await import('@microsoft/signalr');
      made = new HubConnectionBuilder()
        .withUrl('/api/hub', { transport: HttpTransportType.WebSockets, headers: { 'X-Weir': '1' } })
        .configureLogging(LogLevel.None)
        .build();
      const mine = made;
      for (const event of handlers.keys()) listen(mine, event);
      mine.onclose(() => {
        if (hub !== mine) return;
        hub = null;
        down();
        again();
      });
      hub = mine;
      await mine.start();
      if (over || hub !== mine) {
        await mine.stop();
        return;
      }
      up = true;
      backoff.reset();
      setConnected(true);
      for (const hook of hooks) hook();
    } catch (reason) {
      if (hub === made) hub = null;
      if (!over) await failed(reason);
    } finally {
      trying = false;
    }
    if (!up) again();
  }

  async function failed(reason: unknown) {
    // What the server answered is not in it. Asked once more: only the server's own word ends a session.
    if ((reason as { errorType?: string }).errorType !== 'FailedToNegotiateWithServerError') return;
    await api.me().catch((answer: unknown) => {
      if (answer instanceof Problem && answer.status === 401) signedOut();
    });
  }

  function again() {
    if (over || trying) return;
    clearTimeout(timer);
    timer = setTimeout(() => void connect(), backoff.next());
  }

  const now = () => {
    if (document.hidden) return;
    backoff.reset();
    void connect();
  };
  // Known to be gone: a socket would take its time to notice, and what is sent into it meanwhile is lost.
  const offline = () => {
    const gone = hub;
    hub = null;
    down();
    void gone?.stop();
  };

  document.addEventListener('visibilitychange', now);
  addEventListener('online', now);
  addEventListener('offline', offline);
  void connect();
  return () => {
    over = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', now);
    removeEventListener('online', now);
    removeEventListener('offline', offline);
    offline();
  };
}
