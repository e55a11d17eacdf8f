// What the service worker does with pushes: it words them in the language that the browser had when it was switched on, shows them, and leads to the page on a tap.
import { pushWords, type Pushed } from './push-words';

declare const self: ServiceWorkerGlobalScope;

/** What a page is told when somebody tapped a notification while it was open. */
export interface OpenMessage { open: string }

export function handlePushes(): void {
  self.addEventListener('push', (event) => {
    const pushed = read(event.data);
    if (pushed) event.waitUntil(show(pushed));
  });
  self.addEventListener('notificationclick', (event) => {
    event.notification.close();
    event.waitUntil(open(String((event.notification.data as OpenMessage | null)?.open ?? '/')));
  });
  // The push service gave the browser another address; lib.webworker does not know the event's shape yet.
  self.addEventListener('pushsubscriptionchange', (event) => {
    (event as ExtendableEvent).waitUntil(subscribeAgain());
  });
}

function read(data: PushMessageData | null): Pushed | null {
  try {
    const pushed = data?.json() as Pushed;
    return typeof pushed.kind === 'string' && typeof pushed.tag === 'string' ? pushed : null;
  } catch {
    return null; // not from our server
  }
}

async function show(pushed: Pushed): Promise<void> {
  const { title, body } = pushWords(pushed);
  await self.registration.showNotification(title, {
    body, tag: pushed.tag, lang: pushed.language, timestamp: Date.parse(pushed.at), icon: '/icon-192.png', badge: '/icon-192.png', data: { open: path(pushed.url) } satisfies OpenMessage,
    // More of the same takes the place of what is there and makes itself heard only where somebody speaks to me.
    renotify: pushed.kind === 'directMessage' || pushed.kind === 'mention' || pushed.kind === 'reply',
  } as NotificationOptions);
}

/** Only ever a page of this site. */
const path = (url: unknown): string => (typeof url === 'string' && /^\/(?![/\\])/.test(url) ? url : '/');

async function open(url: string): Promise<void> {
  const windows = await self.clients.matchAll({ type: 'window' });
  // The one that is seen, else any: an open Weir goes to the page by itself and loses nothing.
  const there = windows.find((one) => one.visibilityState === 'visible') ?? windows[0];
  if (!there) return void (await self.clients.openWindow(url));
  there.postMessage({ open: url } satisfies OpenMessage);
  await there.focus().catch(() => {}); // some systems refuse the focus; the page has moved all the same
}

async function subscribeAgain(): Promise<void> {
  const { key } = (await (await fetch('/api/push/key')).json()) as { key: string };
  const subscription = await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = subscription.toJSON();
  await fetch('/api/push/subscription', {
    method: 'PUT',
    headers: { 'Content-Type': 'application/json', 'X-Weir': '1' },
    body: JSON.stringify({ endpoint, keys, language: navigator.language.startsWith('zh') ? 'zh' : 'en' }),
  });
}
