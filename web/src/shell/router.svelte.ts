import { untrack } from 'svelte';
import { match } from './match';
import { routes, type Params, type Route } from './routes';

interface Location { path: string; search: string; hash: string }

const state = $state<{ at: Location; count: number }>({ at: read(), count: 0 });

function read(): Location {
  return { path: location.pathname, search: location.search, hash: location.hash };
}

export const at = (): Location => state.at;
/** How many moves inside the app there were: the first page keeps the browser's own focus. */
export const moves = (): number => state.count;

export function current(): { route: Route; params: Params } | null {
  for (const route of routes) {
    const params = match(route.pattern, state.at.path);
    if (params) return { route, params };
  }
  return null;
}

/** Pages that the server makes itself. */
const isServerPage = (path: string): boolean => path.startsWith('/a/');

export function go(to: string, replace = false): void {
  if (isServerPage(to)) {
    location.assign(to);
    return;
  }
  if (replace) history.replaceState(null, '', to);
  else history.pushState(null, '', to);
  moved();
  scrollTo(0, 0);
}

function moved(): void {
  state.at = read();
  state.count = untrack(() => state.count) + 1; // an effect may send on to another page without depending on the moves
}

/** Takes over clicks on links of this site and the browser's back and forward. Gives a function that ends it. */
export function startRouter(): () => void {
  const onClick = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return;
    if (isServerPage(link.pathname)) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    if (link.href !== location.href) go(link.pathname + link.search + link.hash);
  };
  addEventListener('popstate', moved);
  document.addEventListener('click', onClick);
  return () => {
    removeEventListener('popstate', moved);
    document.removeEventListener('click', onClick);
  };
}
