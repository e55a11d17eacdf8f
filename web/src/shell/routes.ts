import type { Component } from 'svelte';

export type Params = Record<string, string>;
// Pages without parameters take no properties, which no single type but this one says.
type Page = Component<any>;

export type Tab = 'chats' | 'search' | 'people' | 'live' | 'moments' | 'accounts' | 'notifications' | 'me' | 'goLive' | 'admin';

export interface Route {
  pattern: string;
  load: () => Promise<{ default: Page }>;
  /** Who may open it: pages for the signed in send others to the sign-in page. */
  open?: boolean;
  /** The tab of the navigation it belongs to. */
  tab?: Tab;
  /** Routes with the same key are one page that stays when one moves between them: a list and what is chosen in it. */
  key?: string;
  /** On a phone without the tabs below: a conversation needs the room. */
  deep?: boolean;
  /** No navigation around it: the pages before one is signed in. */
  bare?: boolean;
}

export const routes: Route[] = [
  { pattern: '/', load: () => import('../chats/ChatsPage.svelte'), tab: 'chats', key: 'chats' },
  { pattern: '/c/:id', load: () => import('../chats/ChatsPage.svelte'), tab: 'chats', key: 'chats', deep: true },
  { pattern: '/g/:code', load: () => import('../chats/group/GroupLinkPage.svelte'), tab: 'chats' },
  { pattern: '/search', load: () => import('../search/SearchPage.svelte'), tab: 'search' },
  { pattern: '/live', load: () => import('../live/LivePage.svelte'), tab: 'live' },
  { pattern: '/b/:id', load: () => import('../watch/WatchPage.svelte'), tab: 'live', open: true },
  { pattern: '/b/:id/studio', load: () => import('../studio/StudioPage.svelte'), tab: 'goLive' },
  { pattern: '/people', load: () => import('../people/PeoplePage.svelte'), tab: 'people', key: 'people' },
  { pattern: '/people/:handle', load: () => import('../people/PeoplePage.svelte'), tab: 'people', key: 'people', deep: true },
  { pattern: '/moments', load: () => import('../moments/FeedPage.svelte'), tab: 'moments' },
  { pattern: '/moments/privacy', load: () => import('../moments/PrivacyPage.svelte'), tab: 'moments' },
  { pattern: '/moments/:id', load: () => import('../moments/MomentPage.svelte'), tab: 'moments' },
  { pattern: '/notifications', load: () => import('../notifications/NotificationsPage.svelte'), tab: 'notifications' },
  { pattern: '/notifications/settings', load: () => import('../notifications/SettingsPage.svelte'), tab: 'notifications' },
  { pattern: '/go-live', load: () => import('../studio/GoLivePage.svelte'), tab: 'goLive' },
  { pattern: '/me', load: () => import('../account/MePage.svelte'), tab: 'me' },
  { pattern: '/admin', load: () => import('../admin/AdminPage.svelte'), tab: 'admin', key: 'admin' },
  { pattern: '/admin/:part', load: () => import('../admin/AdminPage.svelte'), tab: 'admin', key: 'admin' },
  { pattern: '/report/:kind/:id', load: () => import('../reports/ReportPage.svelte') },
  { pattern: '/accounts', load: () => import('../accounts/AccountsPage.svelte'), tab: 'accounts', key: 'accounts' },
  { pattern: '/accounts/:handle', load: () => import('../accounts/AccountsPage.svelte'), tab: 'accounts', key: 'accounts', deep: true },
  { pattern: '/accounts/:handle/manage', load: () => import('../accounts/ManagePage.svelte'), tab: 'accounts' },
  { pattern: '/accounts/:handle/write/:id', load: () => import('../accounts/WritePage.svelte'), tab: 'accounts' },
  { pattern: '/share/article/:id', load: () => import('../accounts/SharePage.svelte') },
  { pattern: '/sign-in', load: () => import('../account/SignInPage.svelte'), open: true, bare: true },
  { pattern: '/reset', load: () => import('../account/ResetPage.svelte'), open: true, bare: true },
  { pattern: '/setup', load: () => import('../account/SetupPage.svelte'), open: true, bare: true },
  { pattern: '/join/:code', load: () => import('../account/JoinPage.svelte'), open: true, bare: true },
];
