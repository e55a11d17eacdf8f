import { whenLeaving } from '../shell/session.svelte';
import { endPush, lookAtPush } from './push.svelte';
import { countUnread } from './unread';

/** For whoever signed in: the number on the bell, and this browser's pushes while they are theirs. Gives a function that ends it. */
export function beginNotices(account: string): () => void {
  const ends = [countUnread(), whenLeaving(endPush)];
  void lookAtPush(account);
  return () => ends.forEach((end) => end());
}
