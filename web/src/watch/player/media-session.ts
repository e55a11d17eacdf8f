import type { Broadcast } from '../../api/types';
import { by } from '../../live/by';
import type { Room } from '../room.svelte';

/** Title and host on the lock screen and the keyboard's media keys. Gives a function that takes them off again. */
export function announce(broadcast: Broadcast, room: Room): (() => void) | undefined {
  const session = navigator.mediaSession;
  if (!session) return undefined;
  session.metadata = new MediaMetadata({ title: broadcast.title, artist: by(broadcast).name, artwork: [{ src: '/icon.svg', type: 'image/svg+xml' }] });
  session.setActionHandler('play', () => { if (room.playback.paused) room.toggle(); });
  session.setActionHandler('pause', () => { if (!room.playback.paused) room.toggle(); });
  return () => {
    session.metadata = null;
    session.setActionHandler('play', null);
    session.setActionHandler('pause', null);
  };
}
