import type { Audience, Person, Picture } from '../api/types';
import { Outgoing, type Shelf, type Waiting, type Written } from '../outgoing/outgoing.svelte';
import * as calls from './calls';
import type { MomentCard } from './types';

export interface QueuedPost extends Waiting { kind: 'post'; text: string; audience: Audience; pictures: Picture[]; card: MomentCard | null }
export interface QueuedComment extends Waiting { kind: 'comment'; moment: string; text: string; replyTo: { id: string; author: Person } | null }
type Queued = QueuedPost | QueuedComment;

interface Surroundings {
  shelf: Shelf;
  post: typeof calls.post;
  comment: typeof calls.comment;
  onSent: (one: Queued, id: string) => void;
  wait: (ms: number, wake: (again: () => void) => void) => Promise<void>;
}

export const prefixOf = (account: string): string => `weir.outbox-moments.${account}.`;

/** Moments and comments on their way: posts one after the other, and the comments under each moment. */
export class MomentOutbox extends Outgoing<Queued, { id: string }> {
  constructor(account: string, { shelf, post, comment, onSent, wait }: Surroundings) {
    super(prefixOf(account), {
      shelf,
      wait,
      lane: (one) => (one.kind === 'post' ? 'posts' : one.moment),
      send: (one) => (one.kind === 'post' ? post(posting(one)) : comment(one.moment, { clientId: one.clientId, text: one.text, ...(one.replyTo ? { replyTo: one.replyTo.id } : {}) })),
      sent: (one, { id }) => onSent(one, id),
    });
  }

  get posts(): QueuedPost[] {
    return this.all.filter((one) => one.kind === 'post').toReversed();
  }

  comments(moment: string): QueuedComment[] {
    return this.all.filter((one) => one.kind === 'comment' && one.moment === moment) as QueuedComment[];
  }

  publish(post: Omit<Written<QueuedPost>, 'kind'>): boolean {
    return this.write({ ...post, kind: 'post' });
  }

  say(comment: Omit<Written<QueuedComment>, 'kind'>): boolean {
    return this.write({ ...comment, kind: 'comment' });
  }
}

function posting(one: QueuedPost): calls.Posting {
  return {
    clientId: one.clientId, text: one.text, audience: one.audience,
    ...(one.pictures.length > 0 ? { pictures: one.pictures.map((picture) => picture.id) } : {}),
    ...(one.card ? { card: one.card } : {}),
  };
}
