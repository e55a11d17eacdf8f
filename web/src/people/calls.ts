import { call } from '../api/http';
import type { Person } from '../api/types';

const id = encodeURIComponent;

/** Somebody with whom I have something to do. */
export interface Relation extends Person {
  isMe: boolean;
  friend: 'none' | 'theyHoldMe' | 'iHoldThem' | 'mutual';
  starred: boolean;
  /** They do not see my moments. */
  hidesMine: boolean;
  /** I do not see theirs. */
  hidesTheirs: boolean;
  /** I blocked them. */
  blocked: boolean;
  /** Ours, of two. */
  conversation: string | null;
}

export const person = (handle: string) => call<Relation>('GET', `/api/people/${id(handle)}`);
export const star = (handle: string, wanted: boolean) => call<void>(wanted ? 'PUT' : 'DELETE', `/api/friends/${id(handle)}/star`);
