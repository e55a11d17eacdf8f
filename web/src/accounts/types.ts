import type { Person } from '../api/types';

// The JSON of docs/protocol.md, "Official accounts and articles".

export type OfficialKind = 'subscription' | 'service';
export type EditorRole = 'editor' | 'owner';

export interface Official {
  id: string;
  handle: string;
  name: string;
  description: string;
  avatar: string | null;
  kind: OfficialKind;
  open: boolean;
  showsFollowers: boolean;
  showsReads: boolean;
  followers: number | null;
  following: boolean;
  muted: boolean;
  role: EditorRole | null;
  invited: boolean;
  createdAt: string;
}
export interface OfficialChange {
  name?: string;
  description?: string;
  kind?: OfficialKind;
  open?: boolean;
  widen?: true;
  showsFollowers?: boolean;
  showsReads?: boolean;
  avatar?: string;
}
export interface ArticleAccount { id: string; handle: string; name: string; avatar: string | null }
export interface Article {
  id: string;
  account: ArticleAccount;
  title: string;
  summary: string;
  cover: string | null;
  url: string;
  publishedAt: string;
  editedAt: string | null;
  reads: number | null;
  likes: number;
  liked: boolean;
}
export interface Work {
  id: string;
  title: string;
  isPublished: boolean;
  hasChanges: boolean;
  url: string | null;
  savedAt: string;
  publishedAt: string | null;
  sentAt: string | null;
  reads: number;
  likes: number;
}
export interface Draft {
  id: string;
  account: ArticleAccount;
  title: string;
  summary: string;
  markdown: string;
  cover: string | null;
  version: number;
  savedAt: string;
  savedBy: Person;
  isPublished: boolean;
  publishedVersion: number;
  url: string | null;
  sentAt: string | null;
}
export interface DraftBody { version: number; title: string; summary: string; markdown: string; cover: string | null }
export interface Published { url: string; publishedAt: string; editedAt: string | null }
export interface Numbers { reads: number; likes: number; days: { date: string; reads: number }[] }
export interface Send { id: string; sentAt: string; articles: Article[] }
export interface Inbox { unread: number; accounts: { account: ArticleAccount; muted: boolean; unread: boolean; last: Send | null }[] }
export interface Allowance { left: number; nextAt: string | null }
export interface Editor { person: Person; role: EditorRole; accepted: boolean }
export interface FollowerPage { followers: { person: Person; since: string }[]; next: string | null }
export interface OpeningSettings { mode: 'nobody' | 'named' | 'everyone'; accounts: Person[] }
export interface AdminOfficial { id: string; handle: string; name: string; owner: Person | null; followers: number; closed: boolean; createdAt: string }
