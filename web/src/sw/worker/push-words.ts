// The words of pushes. The service worker is one file without the app's catalogue, so they stand here, in both languages.

/** What the server pushes (docs/protocol.md, "Web Push"). Without previews there is no `text` and no `where`. */
export interface Pushed {
  kind: string;
  tag: string;
  url: string;
  language: string;
  at: string;
  who?: string;
  count?: number;
  where?: string;
  text?: string;
  counts?: Record<string, number>;
}

type Words = Record<'en' | 'zh', (pushed: Pushed & { count: number }) => string>;

const few = (one: string, many: string): Words['en'] => ({ count }) => (count === 1 ? one : many.replace('#', String(count)));

const bodies: Record<string, Words> = {
  directMessage: { en: few('Sent you a message', 'Sent you # messages'), zh: ({ count }) => (count === 1 ? '给你发来一条消息' : `给你发来 ${count} 条消息`) },
  groupMessage: { en: few('Wrote in a group', '# messages in a group'), zh: ({ count }) => (count === 1 ? '在群里发了消息' : `群里有 ${count} 条消息`) },
  mention: { en: () => 'Mentioned you', zh: () => '提到了你' },
  reply: { en: () => 'Replied to you', zh: () => '回复了你' },
  friendRequest: { en: () => 'Wants to be friends', zh: () => '想加你为好友' },
  friendAccepted: { en: () => 'Is a friend now', zh: () => '通过了你的好友请求' },
  momentLike: { en: () => 'Liked your moment', zh: () => '赞了你的朋友圈' },
  momentComment: { en: () => 'Commented on your moment', zh: () => '评论了你的朋友圈' },
  momentReply: { en: () => 'Replied to your comment', zh: () => '回复了你的评论' },
  live: { en: () => 'Is live', zh: () => '正在直播' },
  groupRequest: { en: () => 'Invites you to a group', zh: () => '邀请你加入群聊' },
  editorInvitation: { en: () => 'Asks you to write for an account', zh: () => '邀请你担任公众号编辑' },
  invitationUsed: { en: () => 'Came by your invitation', zh: () => '通过你的邀请加入了' },
  article: { en: () => 'Published an article', zh: () => '发布了新文章' },
  administratorReset: { en: () => 'Made a password link for an administrator', zh: () => '生成了管理员的密码重置链接' },
};

const counted: Record<string, Words> = {
  friendAccepted: { en: few('1 new friend', '# new friends'), zh: ({ count }) => `${count} 位新朋友` },
  momentLike: { en: few('1 like', '# likes'), zh: ({ count }) => `${count} 个赞` },
  momentComment: { en: few('1 comment', '# comments'), zh: ({ count }) => `${count} 条评论` },
  momentReply: { en: few('1 reply', '# replies'), zh: ({ count }) => `${count} 条回复` },
  invitationUsed: { en: few('1 invitation used', '# invitations used'), zh: ({ count }) => `${count} 个邀请被使用` },
  administratorReset: { en: few('1 password link for an administrator', '# password links for administrators'), zh: ({ count }) => `${count} 个管理员密码重置链接` },
  article: { en: few('1 article', '# articles'), zh: ({ count }) => `${count} 篇文章` },
};

const summaryTitle = { en: 'Your day in Weir', zh: 'Weir 今日汇总' };
const other: Words = { en: few('1 more', '# more'), zh: ({ count }) => `另外 ${count} 条` };
const anything = { en: 'Something happened for you', zh: '有新通知' };

export function pushWords(pushed: Pushed): { title: string; body: string } {
  const language = pushed.language === 'zh' ? 'zh' : 'en';
  const say = (words: Words, count: number) => words[language]({ ...pushed, count });
  if (pushed.kind === 'summary') {
    const parts = Object.entries(pushed.counts ?? {}).map(([kind, count]) => say(counted[kind] ?? other, count));
    return { title: summaryTitle[language], body: parts.join(' · ') };
  }
  const words = bodies[pushed.kind];
  const what = words ? say(words, pushed.count ?? 1) : anything[language];
  const title = pushed.where && pushed.who && pushed.kind !== 'live' ? `${pushed.who} · ${pushed.where}` : (pushed.who ?? 'Weir');
  // Of several the newest is shown, after how many there are.
  const said = pushed.text || (pushed.kind === 'live' || pushed.kind === 'article' ? pushed.where : '');
  if (!said) return { title, body: what };
  return { title, body: (pushed.count ?? 1) > 1 || pushed.kind !== 'directMessage' ? `${what}\n${said}` : said };
}
