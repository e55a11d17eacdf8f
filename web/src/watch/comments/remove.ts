import { Problem } from '../../api/http';
import type { Ticket } from '../../api/types';

/** The live plane's signed word for a comment, for a report. */
export async function stateComment(ticket: Ticket, commentId: string): Promise<string> {
  const at = commentAddress(ticket, commentId);
  at.pathname += '/statement';
  let response: Response;
  try {
    response = await fetch(at, { method: 'POST', credentials: 'omit', signal: AbortSignal.timeout(15_000) });
  } catch {
    throw new Problem(0, 'offline');
  }
  if (!response.ok) throw new Problem(response.status, response.status === 404 ? 'not-found' : 'unexpected');
  return ((await response.json()) as { statement: string }).statement;
}

function commentAddress(ticket: Ticket, commentId: string): URL {
  const at = new URL(ticket.watch.websocket);
  at.protocol = at.protocol === 'wss:' ? 'https:' : 'http:';
  at.pathname = at.pathname.replace(/\/watch$/, `/comments/${encodeURIComponent(commentId)}`);
  return at;
}

/** Takes a comment off, live and in the replay: the live plane's own call, by the ticket. One that is gone already is fine. */
export async function removeComment(ticket: Ticket, commentId: string): Promise<void> {
  const at = commentAddress(ticket, commentId);
  let response: Response;
  try {
    response = await fetch(at, { method: 'DELETE', credentials: 'omit', signal: AbortSignal.timeout(15_000) });
  } catch {
    throw new Problem(0, 'offline');
  }
  if (!response.ok && response.status !== 404) throw new Problem(response.status, 'unexpected');
}
