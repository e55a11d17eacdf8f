import type { MessageKey } from '../i18n/i18n.svelte';
import type { IconName } from '../shell/Icon.svelte';
import type { Tab } from '../shell/routes';
import type { Me } from '../api/types';

interface Link { href: string | ((me: Me) => string); icon: IconName; label: MessageKey; when?: (me: Me) => boolean; waiting?: { tab: Tab; label: MessageKey } }

/** The pages one reaches from "Me", in this order. A capability with a page of its own adds a line. */
export const links: Link[] = [
  { href: (me) => `/people/${me.handle}`, icon: 'moments', label: 'moments.mine' },
  { href: '/moments/privacy', icon: 'eye', label: 'moments.privacy' },
  { href: '/notifications', icon: 'bell', label: 'notices.title' },
  { href: '/accounts', icon: 'article', label: 'accounts.title' },
  { href: '/admin', icon: 'admin', label: 'nav.admin', when: (me) => me.isAdmin, waiting: { tab: 'admin', label: 'admin.reports.waiting' } },
];
