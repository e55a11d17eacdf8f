import { Outgoing, type Shelf, type Waiting, type Written } from '../outgoing/outgoing.svelte';
import * as calls from './calls';
import type { Card, FileBody, Message, Picture, Quotation } from './types';

export { most, type Shelf } from '../outgoing/outgoing.svelte';

/** What a person wrote and the server has not acknowledged yet. */
export interface Queued extends Waiting {
  conversation: string;
  text: string;
  replyTo: Quotation | null;
  mentions: string[];
  pictures?: Picture[];
  file?: FileBody;
  card?: Card;
}

export type Draft = Written<Queued>;

interface Surroundings {
  shelf: Shelf;
  send: typeof calls.send;
  /** The server has it: what it looks like now. */
  onSent: (message: Message) => void;
  wait: (ms: number, wake: (again: () => void) => void) => Promise<void>;
}

/** Messages on their way: one at a time for each conversation, in the order of writing. */
export class Outbox extends Outgoing<Queued, calls.Sent> {
  constructor(account: { id: string; handle: string; name: string }, { shelf, send, onSent, wait }: Surroundings) {
    super(`weir.outbox.${account.id}.`, {
      shelf,
      wait,
      lane: (one) => one.conversation,
      send: (one) => send(one.conversation, body(one)),
      sent: (one, sent) => onSent(messageOf(account, one, sent)),
    });
  }

  of(conversation: string): Queued[] {
    return this.all.filter((one) => one.conversation === conversation);
  }
}

function messageOf({ id, handle, name }: { id: string; handle: string; name: string }, one: Queued, sent: calls.Sent): Message {
  return {
    conversation: one.conversation, seq: sent.seq, id: sent.id, clientId: one.clientId, sender: { id, handle, name }, text: one.text, sentAt: sent.sentAt,
    replyTo: one.replyTo, mentions: one.mentions, recalledAt: null, pictures: one.pictures, file: one.file, card: one.card,
  };
}

function body(one: Queued): calls.Sending {
  return {
    clientId: one.clientId,
    ...(one.text === '' ? {} : { text: one.text }),
    ...(one.replyTo ? { replyTo: one.replyTo.id } : {}),
    ...(one.mentions.length > 0 ? { mentions: one.mentions } : {}),
    ...(one.pictures ? { pictures: one.pictures.map((picture) => picture.id) } : {}),
    ...(one.file ? { file: one.file.id } : {}),
    ...(one.card ? { card: one.card } : {}),
  };
}
