import { t } from '../i18n/i18n.svelte';
import { whenConnected } from '../realtime/realtime';
import { safeNext } from '../shell/match';
import { go } from '../shell/router.svelte';
import { toast } from '../shell/toasts.svelte';

let asked = false;

/** Keeps the app's files on this device and says when there is a newer version. Only for who is signed in: a passing visitor leaves nothing behind. */
export async function register(): Promise<void> {
  // Not without TLS in a home network, and not while developing.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  const workers = navigator.serviceWorker;
  // Somebody tapped a notification while this page was there.
  workers.addEventListener('message', ({ data }: MessageEvent<{ open?: unknown } | null>) => {
    if (typeof data?.open === 'string') go(safeNext(data.open));
  });
  const first = workers.controller === null;
  let registration: ServiceWorkerRegistration;
  try {
    registration = await workers.register('/sw.js');
  } catch {
    return; // forbidden by the browser: everything works but a start without a network
  }
  const offer = () => {
    const { waiting } = registration;
    if (!waiting || !workers.controller) return;
    toast(t('update.there'), {
      lasting: true,
      action: {
        label: t('update.take'),
        run: () => {
          asked = true;
          waiting.postMessage('take-over');
        },
      },
    });
  };
  offer();
  registration.addEventListener('updatefound', () => {
    const { installing } = registration;
    installing?.addEventListener('statechange', () => {
      if (installing.state === 'installed') offer();
    });
  });
  let known = first;
  workers.addEventListener('controllerchange', () => {
    // The first worker takes over a page that is as new as itself.
    if (known) known = false;
    else if (asked) location.reload();
    else toast(t('update.taken'), { lasting: true, action: { label: t('update.take'), run: () => location.reload() } });
  });
  // A server that was away may have come back newer.
  whenConnected(() => void registration.update().catch(() => {}));
}
