import { Problem } from '../api/http';
import { language } from '../i18n/i18n.svelte';
import * as calls from './calls';

/**
 * Whether this browser shows notifications while Weir is closed. `insecure`: only over HTTPS. `install`: an iPhone wants the app on the home screen first. `blocked`: the person, or the
 * browser for them, said no, which only the browser's own settings change. `unreachable`: the browser's push service does not answer.
 */
export type PushState = 'unknown' | 'insecure' | 'install' | 'unsupported' | 'blocked' | 'off' | 'on' | 'unreachable';

const state = $state<{ push: PushState; busy: boolean }>({ push: 'unknown', busy: false });
/** For whom it was switched on in this browser: another account's pushes must not come up here. */
const key = 'weir.push';
const registrationMs = 8000;
/** One look or one switch at a time: a look that began earlier must not undo what a person chose since, here or on the server. */
let line: Promise<unknown> = Promise.resolve();

export const push = (): PushState => state.push;
export const busy = (): boolean => state.busy;

/** Looks, without asking anybody for anything. What was on is told to the server again: its key, the endpoint or the language may be new. */
export function lookAtPush(account: string): Promise<void> {
  return inLine(() => look(account));
}

async function look(account: string): Promise<void> {
  const why = hindrance();
  if (why) return void (state.push = why);
  const wanted = localStorage.getItem(key) === account;
  const subscription = await (await navigator.serviceWorker.getRegistration())?.pushManager.getSubscription();
  if (!wanted || Notification.permission !== 'granted') return void (state.push = 'off');
  try {
    await tell(subscription && isOf(subscription, await serverKey()) ? subscription : await subscribeAnew(subscription ?? null));
    state.push = 'on';
  } catch (reason) {
    state.push = reason instanceof Problem ? 'on' : 'unreachable';
  }
}

/** By a person's own hand: the browser may ask now. */
export async function turnPush(account: string, wanted: boolean): Promise<void> {
  if (state.busy) return;
  state.busy = true;
  try {
    // Asked at once: a browser lets a page ask only while it handles the tap.
    if (wanted && (await Notification.requestPermission()) !== 'granted') return void (state.push = hindrance() ?? 'off');
    await inLine(() => (wanted ? turnOn(account) : turnOff()));
  } catch (reason) {
    if (reason instanceof Problem) throw reason;
    state.push = 'unreachable';
  } finally {
    state.busy = false;
  }
}

/** Before signing out: this browser is nobody's any more. */
export async function endPush(): Promise<void> {
  if (localStorage.getItem(key) === null) return;
  await inLine(turnOff).catch(() => {}); // the subscription ends with the session in any case
}

async function turnOn(account: string): Promise<void> {
  await tell(await subscribeAnew(null));
  localStorage.setItem(key, account);
  state.push = 'on';
}

async function turnOff(): Promise<void> {
  localStorage.removeItem(key);
  state.push = 'off';
  const subscription = await (await navigator.serviceWorker.getRegistration())?.pushManager.getSubscription();
  await Promise.all([calls.unsubscribe(), subscription?.unsubscribe()]);
}

function inLine<T>(work: () => Promise<T>): Promise<T> {
  const mine = line.then(work);
  line = mine.catch(() => {});
  return mine;
}

function hindrance(): PushState | null {
  if (!isSecureContext) return 'insecure';
  if (!('serviceWorker' in navigator) || !('PushManager' in window) || !('Notification' in window)) return /iPhone|iPad/.test(navigator.userAgent) ? 'install' : 'unsupported';
  return Notification.permission === 'denied' ? 'blocked' : null;
}

async function subscribeAnew(old: PushSubscription | null): Promise<PushSubscription> {
  const applicationServerKey = await serverKey();
  await old?.unsubscribe();
  const registration = await Promise.race([navigator.serviceWorker.ready, new Promise<never>((_, reject) => setTimeout(() => reject(new Error('no service worker')), registrationMs))]);
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
}

const serverKey = async (): Promise<Uint8Array<ArrayBuffer>> => bytesOf((await calls.pushKey()).key);

async function tell(subscription: PushSubscription): Promise<void> {
  const { endpoint, keys } = subscription.toJSON();
  await calls.subscribe({ endpoint: endpoint!, keys: { p256dh: keys!.p256dh!, auth: keys!.auth! }, language: language() });
}

/** A server that was set up anew has another key. */
function isOf(subscription: PushSubscription, wanted: Uint8Array): boolean {
  const has = subscription.options.applicationServerKey;
  return has !== null && has.byteLength === wanted.length && new Uint8Array(has).every((byte, index) => byte === wanted[index]);
}

export function bytesOf(base64url: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
}
