// The JSON of docs/protocol.md. Times are ISO 8601 strings, media times milliseconds, ids 32 hexadecimal digits.

/** Somebody of whom the caller may know no more than the handle: asking or blocking tells nothing about it. */
export interface Somebody {
  handle: string;
  id?: string | null;
  name?: string | null;
}

export interface Person { id: string; handle: string; name: string }
export interface Server {
  name: string;
  version: string;
  setupNeeded: boolean;
  demo: null | { people: Person[] };
  live: { available: boolean; enabled: boolean };
}
export interface Me extends Person { isAdmin: boolean; mayGoLive: boolean }
export interface SignedIn { account: Person; token: string }
export interface Session { id: string; createdAt: string; lastSeenAt: string; client: string; current: boolean }
export interface Invitation { code: string; createdAt: string; expiresAt: string; usedBy: Person | null }
export interface Friend extends Person { since: string; circles: string[] }
export interface FriendRequests {
  incoming: { id: string; from: Person; createdAt: string }[];
  outgoing: { id: string; to: Somebody; createdAt: string }[];
}
export interface Circle { id: string; name: string; members: Person[] }

export type AudienceKind = 'friends' | 'circles' | 'link' | 'public' | 'onlyMe';
export interface Audience {
  kind: AudienceKind;
  circles?: string[];
  except?: { accounts?: string[]; circles?: string[] };
}
export interface AudiencePreview { count: number; people: Person[]; except: Person[] }

export type BroadcastState = 'ready' | 'live' | 'interrupted' | 'ended';
export interface Broadcast {
  id: string;
  title: string;
  host: Person;
  state: BroadcastState;
  createdAt: string;
  startedAt?: string | null;
  endedAt?: string | null;
  durationMs?: number | null;
  width?: number | null;
  height?: number | null;
  comments: number;
  peakViewers: number;
  viewers?: number | null;
  recorded: boolean;
  isHost: boolean;
  audience?: Audience | null;
  liveAvailable: boolean;
}
export interface RtmpTarget { url: string; streamKey: string }
export interface PublishTargets { rtmp: RtmpTarget; whip: { url: string; token: string } }
export interface EncoderKey { rtmp: RtmpTarget; masked: string; createdAt: string }
export interface Ticket {
  ticket: string;
  expiresAt: string;
  watch: { websocket: string; hls: string; flv: string; rtmp: string; whep: string; replay: string };
}
export interface Viewers { count: number; people: Person[]; asOf: string }
export interface AdminLive { enabled: boolean; mode: 'everyone' | 'named'; accounts: Person[] }
export interface AdminAccount extends Person { isAdmin: boolean; suspended: boolean; createdAt: string }
