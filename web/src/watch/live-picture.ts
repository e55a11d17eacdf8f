import type { Ticket } from '../api/types';
import { wantsConversation } from './player/conversation.svelte';
import { NativeHlsOutlet, startHls } from './player/hls-outlet';
import { mediaSourceClass } from './player/media-buffer';
import type { Outlet, Transport } from './player/outlet';
import type { Playback } from './player/playback.svelte';
import { WhepOutlet } from './player/whep-outlet';
import { WsOutlet } from './player/ws-outlet';

/** What the picture needs of the room around it. */
export interface Stage {
  readonly playback: Playback;
  ticket(): Ticket;
  /** Still live and still on the page. */
  running(): boolean;
  /** Opens the watch socket anew; without media where the picture comes another way. */
  connect(media: boolean): void;
  /** The socket is open or opens, without media. */
  listens(): boolean;
  reconnect(): void;
  renew(): Promise<Ticket | null>;
  show(outlet: Outlet | null): void;
  giveUp(fault: PictureFault): void;
  serverNow(): number | null;
}

/** Why there is no picture although the broadcast goes on: this browser lacks the codec, or every way failed. */
export type PictureFault = 'unsupported' | 'failed';

type Failure = 'codec' | 'decode' | 'network';

/** Which way a live picture comes, and which is next when one fails: WebRTC where it is wanted, the watch socket, hls.js, the browser's own HLS. */
export class LivePicture {
  #outlet: Outlet | null = null;
  #hlsFailures = 0;

  constructor(
    private readonly stage: Stage,
    private readonly forced: Transport | null,
    /** The host asks for the shortest delay. */
    private readonly conversation: () => boolean,
  ) {}

  get outlet(): Outlet | null {
    return this.#outlet;
  }

  start(): void {
    const { playback } = this.stage;
    playback.begin();
    const wanted = this.forced === 'whep' || (this.forced === null && wantsConversation(this.conversation()));
    if (wanted && WhepOutlet.supported && playback.video) this.#useWhep(playback.video);
    else this.#useSteady();
  }

  stop(): void {
    this.#set(null);
  }

  /** The socket cannot be opened although everything else answers: a proxy that knows no WebSocket. */
  async fallBack(why: Failure): Promise<void> {
    if (!this.stage.running()) return;
    if (this.#outlet instanceof WsOutlet && this.forced !== 'ws') {
      this.#set(null);
      // hls.js plays by the same MediaSource, which has just said no.
      const { video } = this.stage.playback;
      if (why === 'codec' && !(video && NativeHlsOutlet.supported(video))) {
        this.stage.giveUp('unsupported');
        return;
      }
      await this.#useHls(true);
      return;
    }
    if (why === 'network' && this.#outlet) {
      await this.#retryHls();
      return;
    }
    const { video } = this.stage.playback;
    if (this.#outlet?.transport === 'hls' && video && NativeHlsOutlet.supported(video)) this.#useNative(video);
    else this.stage.giveUp(why === 'codec' ? 'unsupported' : 'failed');
  }

  /** The ways that play everywhere. */
  #useSteady(): void {
    const { video } = this.stage.playback;
    if (this.forced !== 'hls' && this.forced !== 'native' && mediaSourceClass() !== null && video) this.#useWs(video);
    else void this.#useHls(true);
  }

  #useWs(video: HTMLVideoElement): void {
    const { stage } = this;
    this.#set(new WsOutlet(video, {
      failed: (why) => void this.fallBack(why),
      refused: () => stage.reconnect(),
      overflow: () => stage.reconnect(),
    }));
    // Early, so that it is known whether sound is allowed before the first frame is there.
    void stage.playback.play(false);
    stage.connect(true);
  }

  #useWhep(video: HTMLVideoElement): void {
    // It has no way through, or not for this broadcast: the steady ways know one.
    const steady = () => {
      if (!this.stage.running() || this.#outlet !== outlet) return;
      this.#set(null);
      this.stage.playback.begin();
      this.#useSteady();
    };
    const outlet = new WhepOutlet(video, this.stage.ticket().watch.whep, { failed: steady, refused: steady }, () => this.stage.serverNow());
    this.#set(outlet);
    void this.stage.playback.play(false);
    this.stage.connect(false);
  }

  async #useHls(fresh: boolean): Promise<void> {
    const { stage } = this;
    const { video } = stage.playback;
    if (!video) return;
    // The comments still come by the socket, without the picture.
    if (fresh || !stage.listens()) stage.connect(false);
    const outlet = this.forced === 'native' ? null : await startHls(video, { url: stage.ticket().watch.hls, live: true }, this.#hlsEvents());
    if (!stage.running()) outlet?.stop();
    else if (outlet) this.#set(outlet);
    else if (NativeHlsOutlet.supported(video)) this.#useNative(video);
    else stage.giveUp('unsupported');
    void stage.playback.play(false);
  }

  #useNative(video: HTMLVideoElement): void {
    this.#set(null);
    this.#set(new NativeHlsOutlet(video, { url: this.stage.ticket().watch.hls, live: true }, this.#hlsEvents()));
    void this.stage.playback.play(false);
  }

  #hlsEvents() {
    return { failed: (why: Failure) => void this.fallBack(why), refused: () => void this.#retryHls() };
  }

  async #retryHls(): Promise<void> {
    // Of many viewers each has a moment of its own.
    const wait = Math.min(500 * 2 ** this.#hlsFailures++, 8000) * (0.5 + Math.random());
    this.#set(null);
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (!this.stage.running()) return;
    try {
      if (await this.stage.renew()) await this.#useHls(false);
    } catch {
      await this.#retryHls(); // neither plane answers: the wait grows to its cap
    }
  }

  #set(outlet: Outlet | null): void {
    this.#outlet?.stop();
    this.#outlet = outlet;
    this.stage.show(outlet);
  }
}
