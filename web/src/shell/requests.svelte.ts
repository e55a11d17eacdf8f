import * as api from '../api/calls';
import { Problem } from '../api/http';

const state = $state({ count: 0 });

/** Friend requests that wait for an answer, for the mark beside People. */
export const requestCount = (): number => state.count;

export function setRequestCount(count: number): void {
  state.count = count;
}

export async function loadRequestCount(): Promise<void> {
  try {
    state.count = (await api.friendRequests()).incoming.length;
  } catch (reason) {
    if (!(reason instanceof Problem)) throw reason; // a mark that is missing now comes with the next look
  }
}
