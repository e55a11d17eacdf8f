import * as api from '../api/calls';
import { Problem, whenUnauthorized } from '../api/http';
import type { Me, Server } from '../api/types';

interface State { me: Me | null; server: Server | null; known: boolean; failed: boolean }

const state = $state<State>({ me: null, server: null, known: false, failed: false });
// Who was signed in on this device, so that without a network the pages show what was loaded before. The session itself is a cookie no script sees.
const stored = 'weir.me';
const impatientMs = 2500;

export const me = (): Me | null => state.me;
export const server = (): Server | null => state.server;
/** Whether it is known yet if somebody is signed in. */
export const known = (): boolean => state.known;
export const failed = (): boolean => state.failed;

whenUnauthorized(() => set(null));

// Another tab signed out or in: what this one shows is no longer its own.
addEventListener('storage', (event) => {
  if (event.key !== stored && event.key !== null) return;
  const there = remembered();
  if (there === null) set(null);
  else if (there.id !== state.me?.id) location.reload();
});

export async function load(): Promise<void> {
  state.failed = false;
  await Promise.all([loadMe(), loadServer()]);
}

async function loadMe(): Promise<void> {
  const before = state.known ? null : remembered();
  // A network that does not answer is no reason to show nothing.
  const timer = setTimeout(() => {
    if (before && !state.known) show(before);
  }, impatientMs);
  try {
    set(await api.me());
  } catch (reason) {
    if (reason instanceof Problem && reason.status === 401) set(null);
    else if (before && !state.known) show(before);
    else if (!state.known) state.failed = true;
  } finally {
    clearTimeout(timer);
  }
}

function show(me: Me): void {
  state.me = me;
  state.known = true;
}

/** The server's word on who is signed in. Nobody: nothing of whoever was stays on this device. */
function set(me: Me | null): void {
  const left = me === null && (state.me !== null || remembered() !== null);
  state.me = me;
  state.known = true;
  if (me) localStorage.setItem(stored, JSON.stringify(me));
  if (left) {
    localStorage.removeItem(stored);
    void import('../chats/chats.svelte').then(({ endChats }) => endChats());
    void import('../moments/moments.svelte').then(({ endMoments }) => endMoments());
  }
}

function remembered(): Me | null {
  try {
    return JSON.parse(localStorage.getItem(stored) ?? 'null') as Me | null;
  } catch {
    return null;
  }
}

/** Asks again who is signed in, after a time without the server. */
export async function verify(): Promise<void> {
  if (state.known) await loadMe();
  if (state.server === null) await loadServer();
}

export async function loadServer(): Promise<void> {
  try {
    state.server = await api.server();
  } catch {
    // Shown by the page that needs it; the others do without.
    state.failed ||= state.server === null && !state.known && remembered() === null;
  }
}

/** After a sign-in of any kind: the cookie is set, ask who we are. */
export async function signedIn(): Promise<void> {
  set(await api.me());
  void loadServer();
}

export function changedMe(next: Me): void {
  set(next);
}

const leavings = new Set<() => Promise<void>>();

/** Runs before somebody signs out by hand, while their session still counts. Gives a function that ends it. */
export function whenLeaving(hook: () => Promise<void>): () => void {
  leavings.add(hook);
  return () => leavings.delete(hook);
}

export async function signOut(): Promise<void> {
  await Promise.all([...leavings].map((hook) => hook()));
  try {
    await api.endSession('current');
  } catch (reason) {
    if (!(reason instanceof Problem) || reason.status !== 401) throw reason;
  }
  set(null);
}

export function signedOut(): void {
  set(null);
}
