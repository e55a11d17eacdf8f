import * as api from '../api/calls';
import { Problem, whenUnauthorized } from '../api/http';
import type { Me, Server } from '../api/types';

interface State { me: Me | null; server: Server | null; known: boolean; failed: boolean }

const state = $state<State>({ me: null, server: null, known: false, failed: false });

export const me = (): Me | null => state.me;
export const server = (): Server | null => state.server;
/** Whether it is known yet if somebody is signed in. */
export const known = (): boolean => state.known;
export const failed = (): boolean => state.failed;

whenUnauthorized(() => {
  state.me = null;
});

export async function load(): Promise<void> {
  state.failed = false;
  await Promise.all([loadMe(), loadServer()]);
}

async function loadMe(): Promise<void> {
  try {
    state.me = await api.me();
    state.known = true;
  } catch (reason) {
    if (reason instanceof Problem && reason.status === 401) {
      state.me = null;
      state.known = true;
    } else {
      state.failed = true;
    }
  }
}

export async function loadServer(): Promise<void> {
  try {
    state.server = await api.server();
  } catch {
    // Shown by the page that needs it; the others do without.
    state.failed ||= state.server === null && !state.known;
  }
}

/** After a sign-in of any kind: the cookie is set, ask who we are. */
export async function signedIn(): Promise<void> {
  state.me = await api.me();
  state.known = true;
  void loadServer();
}

export function changedMe(next: Me): void {
  state.me = next;
}

export async function signOut(): Promise<void> {
  try {
    await api.endSession('current');
  } catch (reason) {
    if (!(reason instanceof Problem) || reason.status !== 401) throw reason;
  }
  state.me = null;
}

export function signedOut(): void {
  state.me = null;
}
