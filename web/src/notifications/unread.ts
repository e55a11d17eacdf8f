import { Problem } from '../api/http';
import { on, whenConnected } from '../realtime/realtime';
import { setBadge } from '../shell/badges.svelte';
import { loadRequestCount } from '../shell/requests.svelte';
import * as calls from './calls';

/** The number on the bell: what asks for an answer or an eye, not what came quietly. Gives a function that ends it. */
export function countUnread(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = async () => {
    try {
      setBadge('notifications', (await calls.unread()).count);
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason; // the next event or connection asks again
    }
  };
  // Many at once are counted once.
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => void look(), 300);
  };
  const ends = [
    on('notification', ({ kind }) => {
      soon();
      if (kind === 'friendRequest') void loadRequestCount();
    }),
    whenConnected(soon),
  ];
  return () => {
    clearTimeout(timer);
    ends.forEach((end) => end());
    setBadge('notifications', 0);
  };
}
