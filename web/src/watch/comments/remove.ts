import { Problem } from '../../api/http';
import type { Ticket } from '../../api/types';

/** Takes a comment off, live and in the replay: the live plane's own call, by the ticket. One that is gone already is fine. */
export async function removeComment(ticket: Ticket, commentId: string): Promise<void> {
  const at = new URL(ticket.watch.websocket);
  at.protocol = at.protocol === 'wss:' ? 'https:' : 'http:';
  at.pathname = at.pathname.replace(/\/watch$/, `/comments/${encodeURIComponent(commentId)}`);
  let response: Response;
  try {
    response = await fetch(at, { method: 'DELETE', credentials: 'omit', signal: AbortSignal.timeout(15_000) });
  } catch {
    throw new Problem(0, 'offline');
  }
  if (!response.ok && response.status !== 404) throw new Problem(response.status, 'unexpected');
}
