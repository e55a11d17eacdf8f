/** Text messages of the watch socket, docs/protocol.md. Unknown types are left out: a newer server may send more. */
export interface Hello {
  type: 'hello';
  mime: string | null;
  live: boolean;
  at: number;
  you: { account: string | null; name: string; host: boolean; mayComment: boolean };
  epoch: number;
}
export interface CommentEvent {
  type: 'comment';
  id: string;
  clientId?: string;
  account: string;
  name: string;
  host?: boolean;
  text: string;
  at: number;
  time: string;
}
export type RefusalReason = 'rate' | 'muted' | 'length' | 'notAllowed';
export interface Health {
  type: 'health';
  videoKbps: number;
  audioKbps: number;
  fps: number;
  keyframeIntervalMs: number;
  gaps: number;
  width: number;
  height: number;
  video: string | null;
  audio: string | null;
  encoder: string | null;
  warnings: string[];
}
/** A node of an older version says `type` alone. */
export interface Ended {
  type: 'ended';
  /** There is a recording, which the ticket at hand opens. */
  replay?: boolean;
  /** In so many ms this viewer may ask for it. */
  after?: number;
  /** Of the broadcast, ms. */
  duration?: number;
  startedAt?: string;
}
export type StreamState = 'ready' | 'live' | 'interrupted';
export type LiveEvent =
  | Hello
  | CommentEvent
  | Health
  | { type: 'deleted'; id: string }
  | { type: 'viewers'; count: number }
  | { type: 'muted'; muted: boolean }
  | { type: 'refused'; clientId: string; reason: RefusalReason; retryAfterMs?: number }
  | { type: 'state'; state: StreamState }
  | { type: 'clock'; at: number; time: string }
  | { type: 'cut' }
  | Ended;

const known = new Set(['hello', 'comment', 'health', 'deleted', 'viewers', 'muted', 'refused', 'state', 'clock', 'cut', 'ended']);

export function parse(text: string): LiveEvent | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const type = (value as { type?: unknown } | null)?.type;
  return typeof type === 'string' && known.has(type) ? (value as LiveEvent) : null;
}

/** What a greeting says of the stream. Changes before the socket was open are told by nothing else; without media there is no mime. */
export function streamAfter(hello: Hello, before: StreamState): StreamState {
  if (hello.live) return 'live';
  return before === 'ready' && hello.mime === null ? 'ready' : 'interrupted';
}
