import type { Component } from 'svelte';

export type Params = Record<string, string>;
// Pages without parameters take no properties, which no single type but this one says.
type Page = Component<any>;

export interface Route {
  pattern: string;
  load: () => Promise<{ default: Page }>;
  /** Who may open it: pages for the signed in send others to the sign-in page. */
  open?: boolean;
  /** The tab of the navigation it belongs to. */
  tab?: 'live' | 'people' | 'goLive' | 'me' | 'admin';
  /** No navigation around it: the pages before one is signed in. */
  bare?: boolean;
}

export const routes: Route[] = [
  { pattern: '/', load: () => import('../live/LivePage.svelte'), tab: 'live' },
  { pattern: '/b/:id', load: () => import('../watch/WatchPage.svelte'), tab: 'live', open: true },
  { pattern: '/b/:id/studio', load: () => import('../studio/StudioPage.svelte'), tab: 'goLive' },
  { pattern: '/people', load: () => import('../people/PeoplePage.svelte'), tab: 'people' },
  { pattern: '/go-live', load: () => import('../studio/GoLivePage.svelte'), tab: 'goLive' },
  { pattern: '/me', load: () => import('../account/MePage.svelte'), tab: 'me' },
  { pattern: '/admin', load: () => import('../admin/AdminPage.svelte'), tab: 'admin' },
  { pattern: '/sign-in', load: () => import('../account/SignInPage.svelte'), open: true, bare: true },
  { pattern: '/setup', load: () => import('../account/SetupPage.svelte'), open: true, bare: true },
  { pattern: '/join/:code', load: () => import('../account/JoinPage.svelte'), open: true, bare: true },
];
