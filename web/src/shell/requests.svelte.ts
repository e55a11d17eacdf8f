import * as api from '../api/calls';
import { Problem } from '../api/http';
import { setBadge } from './badges.svelte';

/** Friend requests that wait for an answer, for the mark beside Contacts. */
export const setRequestCount = (count: number): void => setBadge('people', count);

export async function loadRequestCount(): Promise<void> {
  try {
    setRequestCount((await api.friendRequests()).incoming.length);
  } catch (reason) {
    if (!(reason instanceof Problem)) throw reason; // a mark that is missing now comes with the next look
  }
}
