import type { Audience, Person, Picture } from '../api/types';
import type { Card } from '../chats/types';

// The JSON of docs/protocol.md, "Moments".

/** What a moment may carry. */
export type MomentCard = Exclude<Card, { kind: 'moment' }>;
export interface Comment { id: string; author: Person; text: string; replyTo: Person | null; createdAt: string; mine: boolean }

export interface Moment {
  id: string;
  author: Person;
  text: string;
  pictures: Picture[];
  card: MomentCard | null;
  createdAt: string;
  mine: boolean;
  /** Of mine only. */
  audience: Audience | null;
  liked: boolean;
  /** Those that I may see, as the comments. */
  likes: Person[];
  comments: Comment[];
}

export type HistoryWindow = 'threeDays' | 'month' | 'sixMonths' | 'all';
export interface Hiding { mineFrom: Person[]; theirs: Person[] }
