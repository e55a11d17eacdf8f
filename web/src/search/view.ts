import { t } from '../i18n/i18n.svelte';
import { by } from '../live/by';
import { titleOf } from '../chats/words';
import { plain } from './marked';
import type { Hit, Marked } from './types';

/** A hit in words: two lines, a time and where it leads. */
export interface View { href: string; title: Marked; line: Marked | null; before?: string; at?: string }

/**
 * @param within the search is in one conversation: its name is known.
 * @param me whose own words are "You"
 */
export function view(hit: Hit, within: boolean, me: string): View {
  const { title, snippet, person, conversation, message, account, article, broadcast, moment } = hit;
  if (person) return { href: `/people/${person.handle}`, title: title ?? plain(person.name), line: at(snippet) ?? plain(`@${person.handle}`) };
  if (message && conversation) {
    const sender = message.sender.id === me ? t('chats.you') : message.sender.name;
    return {
      href: `/c/${message.conversation}?at=${message.seq}`,
      title: plain(within ? sender : titleOf(conversation)),
      // Who said it goes without saying where the line above is the sender.
      before: within || (conversation.kind === 'direct' && conversation.people[0]?.id === message.sender.id) ? undefined : sender,
      line: snippet ?? title,
      at: message.sentAt,
    };
  }
  if (conversation) return { href: `/c/${conversation.id}`, title: title ?? plain(titleOf(conversation)), line: plain(t('chats.members', { count: conversation.memberCount })) };
  if (moment) return { href: `/moments/${moment.id}`, title: plain(moment.author.id === me ? t('chats.you') : moment.author.name), line: snippet, at: moment.createdAt };
  if (account) return { href: `/accounts/${account.handle}`, title: title ?? plain(account.name), line: snippet?.text === account.handle ? at(snippet) : (snippet ?? plain(account.description || `@${account.handle}`)) };
  if (article) return { href: article.url, title: title ?? plain(article.title), line: snippet ?? plain(article.summary), before: article.account.name, at: article.publishedAt };
  const { id, isHost, state, officialAccount, startedAt, createdAt } = broadcast!;
  return { href: isHost && state !== 'ended' ? `/b/${id}/studio` : `/b/${id}`, title: title ?? plain(broadcast!.title), line: plain(isHost && !officialAccount ? t('live.byMe') : by(broadcast!).name), at: startedAt ?? createdAt };
}

/** A handle with its sign, the marks moved along. */
function at(handle: Marked | null): Marked | null {
  return handle && { text: `@${handle.text}`, marks: handle.marks.map(([start, end]) => [start + 1, end + 1]) };
}
