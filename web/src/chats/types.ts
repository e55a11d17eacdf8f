import type { FileBody, LinkCard, Person, Picture } from '../api/types';

export type { FileBody, LinkCard, Picture } from '../api/types';

// The JSON of docs/protocol.md, "Conversations".

/** `kind` says what it was when it has no words; null once recalled. */
export interface Quotation { seq: number; id: string; sender: Person; text: string | null; kind?: 'text' | 'picture' | 'file' | 'card' | 'notice' | null }
export type Card = { kind: 'broadcast' | 'article'; id: string } | { kind: 'moment'; id: string };
export interface Notice { kind: 'added' | 'joined' | 'removed' | 'renamed' | 'owner' | 'administrator'; people: Person[]; name?: string | null }

export interface Message {
  conversation: string;
  seq: number;
  id: string;
  clientId: string;
  sender: Person;
  /** Null once recalled; may be empty when there is something else. */
  text: string | null;
  sentAt: string;
  replyTo: Quotation | null;
  mentions: string[];
  recalledAt: string | null;
  pictures?: Picture[] | null;
  file?: FileBody | null;
  card?: Card | null;
  link?: LinkCard | null;
  notice?: Notice | null;
}

export interface Entry {
  id: string;
  kind: 'direct' | 'group';
  name: string | null;
  /** The other one, or the first four others of a group. */
  people: Person[];
  memberCount: number;
  lastMessage: Message | null;
  lastAt: string;
  lastSeq: number;
  readSeq: number;
  unread: number;
  /** How many of the unread name me, and the first of them. */
  mentions?: number;
  mentionSeq?: number | null;
  muted: boolean;
  pinned: boolean;
}

export type Role = 'member' | 'administrator' | 'owner';
export interface Member extends Person { role: Role }
export interface Details {
  id: string;
  kind: 'direct' | 'group';
  name: string | null;
  createdAt: string;
  fromSeq: number;
  lastSeq: number;
  readSeq: number;
  muted: boolean;
  pinned: boolean;
  role: Role;
  mayWrite: boolean;
  members: Member[];
  /** Whom a large group waits for; its owner and administrators see them. */
  asked?: Person[];
}

/** A large group wants me. */
export interface Invitation { conversation: string; name: string | null; members: number; by: Person; at: string }
export interface GroupLink { code: string; by: Person; createdAt: string; expiresAt: string; joined: number }
/** What a link shows of its group; `conversation` when I am in it already. */
export interface LinkedGroup { name: string | null; members: number; expiresAt: string; conversation: string | null }
