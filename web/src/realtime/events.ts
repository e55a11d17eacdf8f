import type { Person } from '../api/types';
import type { LinkCard, Message } from '../chats/types';

/** What the server says without being asked (docs/protocol.md, Realtime): a slice adds its events here. */
export interface Events {
  message: Message;
  recalled: { conversation: string; seq: number; id: string; recalledAt: string };
  read: { conversation: string; seq: number };
  conversation: { id: string; gone?: boolean };
  asked: { conversation: string };
  articles: { account: string; send: string };
  typing: { conversation: string; account: string };
  /** Who of my friends came to watch a broadcast that I watch, and who went; the host hears of everybody, and how many they are. */
  watching: { broadcast: string; came: Person[]; gone: string[]; count: number | null };
  moment: { id: string; what: 'posted' | 'changed' | 'deleted' | 'liked' | 'commented' };
  /** Something is new in the list behind the bell, or it was read elsewhere (`kind` null). */
  notification: { kind: string | null };
  link: { conversation: string; seq: number; id: string; link: LinkCard };
}
