import type { PublishTargets } from '../../api/types';
import { t } from '../../i18n/i18n.svelte';
import { me } from '../../shell/session.svelte';
import { onAir } from '../on-air.svelte';
import { Capture } from './capture.svelte';
import { Sending } from './sending.svelte';

/**
 * What this page's camera does. It outlives the pages: whoever looks at their messages while they are live stays live.
 */
class Air {
  readonly capture = new Capture(() => ({ off: t('camera.card.off'), paused: t('camera.card.paused'), name: me()?.name ?? '' }));
  #lock: WakeLockSentinel | null = null;

  get sending(): Sending | null {
    return onAir.sending;
  }

  to(broadcast: string): Sending | null {
    return this.sending?.broadcast === broadcast ? this.sending : null;
  }

  /** Sends into a broadcast; from one that is sent into already (a rehearsal) without a gap in the camera. */
  async begin(broadcast: string, targets: PublishTargets): Promise<void> {
    const before = this.sending;
    const next = new Sending(broadcast, targets.whip, this.capture, () => {
      if (this.sending === next) void this.end();
    });
    try {
      await next.start();
    } catch (reason) {
      await next.stop();
      if (before) this.capture.onchange = before.tracksChanged;
      throw reason;
    }
    onAir.sending = next;
    await before?.stop();
    if (before === null) {
      addEventListener('beforeunload', this.#warn);
      addEventListener('pagehide', this.#left);
      document.addEventListener('visibilitychange', this.#seen);
      await this.#stayAwake();
    }
  }

  /** Camera and microphone go off, whether or not anything was sent. */
  async end(): Promise<void> {
    const { sending } = this;
    onAir.sending = null;
    this.capture.stop();
    removeEventListener('beforeunload', this.#warn);
    removeEventListener('pagehide', this.#left);
    document.removeEventListener('visibilitychange', this.#seen);
    const lock = this.#lock;
    this.#lock = null;
    await lock?.release();
    await sending?.stop();
  }

  readonly #warn = (event: BeforeUnloadEvent) => event.preventDefault();
  readonly #left = () => void this.sending?.stop();
  readonly #seen = () => {
    if (document.visibilityState === 'visible') void this.#stayAwake();
  };

  /** The screen must not go dark: a phone stops the camera with it. The lock is lost whenever the page is hidden. */
  async #stayAwake(): Promise<void> {
    if (this.sending === null || !('wakeLock' in navigator)) return;
    try {
      this.#lock = await navigator.wakeLock.request('screen');
    } catch (reason) {
      if (!(reason instanceof DOMException)) throw reason; // low battery: the person's own choice
    }
  }
}

export const air = new Air();
