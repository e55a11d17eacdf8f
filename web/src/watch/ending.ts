import * as api from '../api/calls';
import { Problem } from '../api/http';
import type { Broadcast } from '../api/types';
import type { Ended } from './player/messages';

const attempts = 8;

/** The record as the end leaves it, without asking for it. */
export function recordAfter(broadcast: Broadcast, { replay, duration, startedAt }: Ended): Broadcast {
  return {
    ...broadcast,
    state: 'ended',
    recorded: replay === true,
    durationMs: duration ?? broadcast.durationMs,
    startedAt: broadcast.startedAt ?? startedAt,
  };
}

/**
 * After an end of which only that is known: the record may need a moment to say that the recording is complete. Asks for it, more and more seldom, for some ten seconds,
 * at moments of its own: others ask too.
 */
export async function awaitRecording(
  id: string,
  seen: (broadcast: Broadcast) => void,
  over: () => boolean,
): Promise<'recorded' | 'none' | 'gone'> {
  for (let attempt = 0; attempt < attempts && !over(); attempt++) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 400 * attempt * (0.5 + Math.random())));
    try {
      const broadcast = await api.broadcast(id);
      seen(broadcast);
      if (broadcast.state === 'ended' && broadcast.recorded) return 'recorded';
    } catch (reason) {
      if (!(reason instanceof Problem)) throw reason;
      if (reason.status === 404) return 'gone';
    }
  }
  return 'none';
}
