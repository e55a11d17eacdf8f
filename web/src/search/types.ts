import type { Article, Official } from '../accounts/types';
import type { Broadcast, Person, Picture } from '../api/types';
import type { Entry } from '../chats/types';

// The JSON of docs/protocol.md, "Search".

export const kinds = ['people', 'conversations', 'messages', 'moments', 'accounts', 'articles', 'broadcasts'] as const;
export type Kind = (typeof kinds)[number];

/** A text and the places in it that were found: pairs of start and end, in UTF-16 units as everything here counts. */
export interface Marked { text: string; marks: [number, number][] }
export type FoundConversation = Pick<Entry, 'id' | 'kind' | 'name' | 'people' | 'memberCount'>;
export interface FoundMessage { conversation: string; seq: number; id: string; sender: Person; sentAt: string; kind: string }
export interface FoundMoment { id: string; author: Person; createdAt: string; pictures: Picture[] }

/** Of its members those of its kind are there. */
export interface Hit {
  title: Marked | null;
  snippet: Marked | null;
  person: (Person & { friend: boolean }) | null;
  conversation: FoundConversation | null;
  message: FoundMessage | null;
  account: Official | null;
  article: Article | null;
  broadcast: Broadcast | null;
  moment: FoundMoment | null;
}
export interface Group { kind: Kind; hits: Hit[]; next: string | null; partial: boolean }
export interface Answer { groups: Group[]; indexing: boolean }
