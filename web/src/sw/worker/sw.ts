// The service worker: it keeps the app's own files, so that pages open without a network and old tabs find their parts after an update. It never touches the API: what
// people said is kept by the app itself (chats/kept.ts), where it can be taken away again. Pushes have a file of their own.
import { handlePushes } from './push';

declare const self: ServiceWorkerGlobalScope;
/** The build puts in the names of all files that an offline start needs, and a name for their version. */
declare const __SHELL__: { version: string; files: string[] };

const prefix = 'weir-shell-';
const cacheName = prefix + __SHELL__.version;
const patienceMs = 3000;
/** Pages that are the same file for all: the app itself. Other paths may be written by the server (articles), so only a network that fails stands in for those. */
const isApp = (path: string): boolean => /^\/(?:$|c\/|live$|people(?:\/|$)|me$|moments(?:\/|$)|notifications(?:\/|$))/.test(path);

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(cacheName);
    await cache.addAll(__SHELL__.files.map((file) => new Request(file, { cache: 'reload' })));
  })());
});

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith(prefix) && name !== cacheName) await caches.delete(name);
    await self.clients.claim();
  })());
});

// A new version waits until somebody wants it: replaced in mid-sentence, a page would lose its parts.
self.addEventListener('message', (event) => {
  if (event.data === 'take-over') void self.skipWaiting();
});

handlePushes();

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || url.pathname.startsWith('/api/')) return;
  if (request.mode === 'navigate') event.respondWith(page(request, url.pathname));
  else if (__SHELL__.files.includes(url.pathname)) event.respondWith(kept(request));
});

async function kept(request: Request): Promise<Response> {
  return (await (await caches.open(cacheName)).match(request, { ignoreSearch: true, ignoreVary: true })) ?? fetch(request);
}

/** The network's answer; the kept page when there is none, or none in time. */
async function page(request: Request, path: string): Promise<Response> {
  const shell = async () => (await (await caches.open(cacheName)).match('/index.html', { ignoreVary: true })) ?? Response.error();
  const network = fetch(request);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    if (isApp(path)) timer = setTimeout(() => resolve(null), patienceMs);
  });
  try {
    const answer = await Promise.race([network, late]);
    // A proxy whose server is away.
    if (answer && !(answer.status >= 502 && answer.status <= 504)) return answer;
  } catch {
    // No network.
  } finally {
    clearTimeout(timer);
    network.catch(() => {});
  }
  return shell();
}

export {};
