// The JSON of docs/protocol.md. Times are ISO 8601 strings, media times milliseconds, ids 32 hexadecimal digits.

/** Somebody of whom the caller may know no more than the handle: asking or blocking tells nothing about it. */
export interface Somebody {
  handle: string;
  id?: string | null;
  name?: string | null;
  avatar?: string | null;
}

export interface Person { id: string; handle: string; name: string; avatar?: string | null }
/** A picture of a message or a post; `color` fills its place while it loads. */
export interface Picture { id: string; width: number; height: number; color?: string | null }
export interface FileBody { id: string; name: string; size: number; type: string }
export interface LinkCard { url: string; title: string; description?: string | null; site?: string | null; picture?: Picture | null }
export type UploadKind = 'picture' | 'file' | 'avatar';
export interface Uploaded extends FileBody { kind: UploadKind; width?: number | null; height?: number | null; color?: string | null; locationRemoved?: boolean }
export interface Server {
  name: string;
  version: string;
  setupNeeded: boolean;
  demo: null | { people: Person[] };
  live: { available: boolean; enabled: boolean };
}
export interface Me extends Person { about?: string; isAdmin: boolean; mayGoLive: boolean }
export interface SignedIn { account: Person; token: string }
export interface Session { id: string; createdAt: string; lastSeenAt: string; client: string; current: boolean }
export interface Invitation { code: string; createdAt: string; expiresAt: string; usedBy: Person | null }
export interface Friend extends Person { since: string; circles: string[]; starred: boolean }
export interface FriendRequests {
  incoming: { id: string; from: Person; createdAt: string }[];
  outgoing: { id: string; to: Somebody; createdAt: string }[];
}
export interface Circle { id: string; name: string; members: Person[] }

export type AudienceKind = 'friends' | 'circles' | 'link' | 'public' | 'onlyMe';
/** A server newer than the page may have kinds that the page does not know. */
export interface Audience {
  kind: AudienceKind | 'conversation' | 'followers' | (string & {});
  circles?: string[] | null;
  except?: { accounts?: string[]; circles?: string[] } | null;
  conversation?: string | null;
  officialAccount?: string | null;
}
export interface AudiencePreview { count: number; people: Person[]; except: Person[] }

export type BroadcastState = 'ready' | 'live' | 'interrupted' | 'ended';
export interface Broadcast {
  id: string;
  title: string;
  host: Person;
  /** It is for the followers of this account. */
  officialAccount?: { id: string; handle: string; name: string; avatar: string | null } | null;
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
  /** The host asks for the shortest delay, as in a conversation. */
  conversational: boolean;
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
export interface AdminAccount extends Person { isAdmin: boolean; suspended: boolean; createdAt: string; lastSeenAt: string | null; invitedBy: string | null }
export interface AdminInvitation { code: string; from: Person; createdAt: string; expiresAt: string; usedBy: Person | null }
export interface AuditEntry { id: number; at: string; actor: Person | null; action: string; subjectId: string | null; subject: string; detail: string }
