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

/** What covers the page, the newest last: each has a step of the browser's history of its own, so that Back closes it and not the page. */
const covers: { mark: string; close: () => void }[] = [];
let marks = 0;
/** A step back is on its way that nobody asked for; where to go afterwards waits for it. */
let returning: (() => void)[] | null = null;

const markHere = (): string | undefined => (history.state as { cover?: string } | null)?.cover;

/** Something covers the page: Back closes it. Gives a function for when it was closed in another way. */
export function cover(close: () => void): () => void {
  const mark = `${performance.timeOrigin} ${++marks}`;
  history.pushState({ cover: mark }, '');
  covers.push({ mark, close });
  return () => {
    const index = covers.findIndex((one) => one.mark === mark);
    if (index < 0) return; // Back has closed it
    covers.splice(index, 1);
    if (markHere() !== mark) return; // on another page by now
    returning ??= [];
    history.back();
  };
}

/** The browser went a step. Whether that step belonged to what covered the page. */
function uncovered(): boolean {
  if (returning) {
    const waiting = returning;
    returning = null;
    for (const next of waiting) next();
    return true;
  }
  const before = covers.length;
  while (covers.length > 0 && covers.at(-1)!.mark !== markHere()) covers.pop()!.close();
  return covers.length < before && location.pathname === state.at.path && location.search === state.at.search;
}

export function go(to: string, replace = false): void {
  if (returning) {
    returning.push(() => go(to, replace));
    return;
  }
  if (isServerPage(to)) {
    location.assign(to);
    return;
  }
  // From what covers a page one goes on in its place: a step back from there is the page itself.
  if (replace || markHere() !== undefined) history.replaceState(null, '', to);
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
  const onStep = () => {
    if (!uncovered()) moved();
  };
  addEventListener('popstate', onStep);
  document.addEventListener('click', onClick);
  return () => {
    removeEventListener('popstate', onStep);
    document.removeEventListener('click', onClick);
  };
}
