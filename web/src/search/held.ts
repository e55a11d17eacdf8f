import { find } from './calls';
import { Search } from './search.svelte';

let held: { account: string; search: Search } | null = null;

/** The one search of whoever is signed in: another account begins with an empty field. */
export function searchOf(account: string): Search {
  if (held?.account !== account) held = { account, search: new Search(find) };
  return held.search;
}

/** The page's address for a search. */
export function searchUrl(text: string, conversation: string | null): string {
  const query = new URLSearchParams();
  if (conversation) query.set('conversation', conversation);
  if (text) query.set('q', text);
  return query.size > 0 ? `/search?${query}` : '/search';
}
