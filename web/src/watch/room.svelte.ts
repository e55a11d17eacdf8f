import { untrack } from 'svelte';
import * as api from '../api/calls';
import { Problem, waitMs } from '../api/http';
import type { Broadcast, Ticket } from '../api/types';
import { awaitRecording, recordAfter } from './ending';
import { me } from '../shell/session.svelte';
import { Comments } from './comments/comments.svelte';
import { removeComment, stateComment } from './comments/remove';
import { ReplayComments } from './comments/replay';
import { hasVideo } from './player/boxes';
import { LivePicture, type PictureFault } from './live-picture';
import { startHls, NativeHlsOutlet } from './player/hls-outlet';
import { LatencyMeter } from './player/latency';
import { LiveSocket, type SocketState } from './player/live-socket';
import { streamAfter, type Ended, type Health, type LiveEvent, type StreamState } from './player/messages';
import type { Outlet, Transport } from './player/outlet';
import { Playback } from './player/playback.svelte';
import { keep, recall } from './player/positions';
import { ViewersReader, type Watchers } from './viewers';
import { wantConversation } from './player/conversation.svelte';
import { WsOutlet } from './player/ws-outlet';

export type Phase = 'loading' | 'live' | 'ended' | 'replay' | 'gone' | 'tooMany' | 'failed';

/** So often a watch socket may fail to open, with a good ticket, before another way is tried (a proxy that knows no WebSocket). */
const socketPatience = 5;
/** So often a replay may be refused: first to the ticket from before the end, then to new ones. */
const replayPatience = 5;
const oldTicketPatience = 2;
/** Over so much time those come to a replay who were not told when to. */
const spreadMs = 2000;

/** One broadcast on the page: its record, ticket, connection, picture and comments, from live to replay. */
export class Room {
  phase = $state<Phase>('loading');
  broadcast = $state.raw<Broadcast | null>(null);
  problem = $state.raw<unknown>(null);
  /** Playback failed, and nothing else: comments, viewers and the end still come. */
  fault = $state<PictureFault | null>(null);
  connection = $state<SocketState>('connecting');
  stream = $state<StreamState>('ready');
  transport = $state<Transport | null>(null);
  viewerCount = $state(0);
  viewers = $state.raw<Watchers | null>(null);
  health = $state.raw<Health | null>(null);
  audioOnly = $state(false);
  atLive = $state(true);
  latencyMs = $state<number | null>(null);
  resumed = $state(false);
  /** It has ended and the record may still come to say that it was recorded. */
  preparing = $state(false);
  readonly playback = new Playback();
  readonly comments = new Comments((message) => this.#socket?.send(message) ?? false);

  #ticket: Ticket | null = null;
  #socket: LiveSocket | null = null;
  #outlet: Outlet | null = null;
  #replay: ReplayComments | null = null;
  #latency = new LatencyMeter();
  readonly #picture: LivePicture;
  #viewersReader: ViewersReader;
  #timer: ReturnType<typeof setInterval> | undefined;
  #over = false;
  #everOpen = false;
  #freshConnection = false;
  #replayRefusals = 0;
  /** The ticket at hand was good when the broadcast ended, and there is a recording. */
  #ticketFromBefore = false;

  constructor(
    readonly id: string,
    private readonly forced: Transport | null,
    /** Without a picture: comments, viewers and state only. */
    private readonly options: { picture: boolean } = { picture: true },
  ) {
    this.#viewersReader = new ViewersReader(id, (viewers) => (this.viewers = viewers));
    this.#picture = new LivePicture({
      playback: this.playback,
      ticket: () => this.#ticket!,
      running: () => !this.#over && this.phase === 'live' && this.fault === null,
      connect: (media) => this.#connect(media),
      listens: () => this.#socket?.open === true,
      reconnect: () => this.#socket?.reconnect(),
      renew: () => this.#renew(),
      show: (outlet) => this.#show(outlet),
      giveUp: (fault) => this.#giveUp(fault),
      serverNow: () => this.#latency.serverTime(Date.now()),
    }, forced, () => this.broadcast?.conversational === true);
  }

  /** The player is on the page: go. */
  async start(): Promise<void> {
    this.#timer = setInterval(() => this.#tick(), 500);
    await this.load();
  }

  async load(): Promise<void> {
    this.phase = 'loading';
    this.#ticketFromBefore = false;
    this.problem = null;
    try {
      const [broadcast, ticket] = await Promise.all([api.broadcast(this.id), api.ticket(this.id)]);
      if (this.#over) return;
      this.broadcast = broadcast;
      this.#ticket = ticket;
      if (broadcast.state === 'ended') await this.#startReplay();
      else this.#startLive();
    } catch (reason) {
      if (!this.#over) this.#loadFailed(reason);
    }
  }

  stop(): void {
    this.#over = true;
    clearInterval(this.#timer);
    this.#savePosition();
    this.#leave();
    this.#viewersReader.stop();
  }

  /** Media time of the picture, ms, on the broadcast's own timeline. */
  mediaTime(): number {
    const date = this.#outlet?.playingDate() ?? null;
    const mapped = date === null ? null : this.#latency.mediaTimeOf(date);
    return Math.max(0, mapped ?? this.#outlet?.mediaTime() ?? 0);
  }

  ahead(): number {
    return this.#outlet?.ahead() ?? 0;
  }

  toLive(): void {
    this.#outlet?.toLive();
    void this.playback.play();
    this.#tick();
  }

  /** Play or pause by hand. Who pauses live is not pulled back to the edge. */
  toggle(): void {
    if (this.playback.paused) {
      void this.playback.play();
    } else {
      this.playback.pause();
      if (this.phase === 'live') this.#outlet?.hold(true);
    }
  }

  seekBy(seconds: number): void {
    if (this.phase === 'live') {
      if (seconds > 0) return;
      this.#outlet?.hold(true);
    }
    this.playback.seek(this.playback.position + seconds);
  }

  /** The viewer's choice of the quickest way or the steady one; remembered. */
  converse(wanted: boolean): void {
    wantConversation(wanted, this.broadcast?.conversational === true);
    if (this.phase !== 'live' || (this.transport === 'whep') === wanted) return;
    this.#picture.stop();
    this.#picture.start();
  }

  write(text: string): void {
    this.comments.write(text, this.mediaTime());
  }

  async deleteComment(commentId: string): Promise<void> {
    if (!this.#ticket) return;
    await removeComment(this.#ticket, commentId);
    this.comments.remove(commentId);
    this.#replay?.remove(commentId);
  }

  /** For a report: what the live plane says was written. */
  stateComment(commentId: string): Promise<string> {
    return stateComment(this.#ticket!, commentId);
  }

  /** The record changed by this person's own hand (title, audience, end). */
  changed(broadcast: Broadcast): void {
    this.broadcast = broadcast;
  }

  #loadFailed(reason: unknown): void {
    if (reason instanceof Problem && (reason.status === 404 || reason.status === 401)) {
      this.phase = 'gone';
      return;
    }
    this.problem = reason;
    this.phase = 'failed';
    // A server that is busy says when to ask again; not everybody of one network then in the same moment.
    const wait = waitMs(reason) * (1 + Math.random() / 2);
    if (wait > 0) setTimeout(() => void (!this.#over && this.phase === 'failed' && this.load()), wait);
  }

  // ---- live

  #startLive(): void {
    this.phase = 'live';
    this.fault = null;
    this.stream = this.broadcast!.state === 'ended' ? 'ready' : this.broadcast!.state;
    if (this.options.picture) this.#picture.start();
    else this.#connect(false);
  }

  #connect(media: boolean): void {
    this.#socket?.stop();
    this.#socket = new LiveSocket(this.#ticket!, media, {
      event: (event) => this.#take(event),
      media: (data) => { if (this.#outlet instanceof WsOutlet) this.#outlet.media(data); },
      state: (state) => {
        this.connection = state;
        if (state === 'open') this.#freshConnection = true;
      },
      over: (why, ended) => this.#socketOver(why, ended),
      renew: () => this.#renew(),
      unopened: (count) => {
        if (media && !this.#everOpen && count >= socketPatience && this.broadcast?.liveAvailable && this.stream === 'live') void this.#picture.fallBack('network');
      },
    });
  }

  #take(event: LiveEvent): void {
    this.comments.take(event);
    switch (event.type) {
      case 'hello': {
        this.#everOpen = true;
        this.audioOnly = event.mime !== null && !hasVideo(event.mime);
        this.stream = streamAfter(event, this.stream);
        if (this.#outlet instanceof WsOutlet) this.#outlet.hello(event.mime, this.#freshConnection);
        this.#freshConnection = false;
        if (this.broadcast && !this.broadcast.liveAvailable) this.broadcast = { ...this.broadcast, liveAvailable: true };
        // Guests have no friends here whose names they could be told.
        if (me()) this.#viewersReader.begin();
        break;
      }
      case 'viewers':
        this.viewerCount = event.count;
        break;
      case 'state':
        this.stream = event.state;
        break;
      case 'health':
        this.health = event;
        break;
      case 'clock':
        this.#latency.heard(event.at, Date.parse(event.time), Date.now());
        break;
    }
  }

  #socketOver(why: 'cut' | 'ended' | 'tooMany', ended?: Ended): void {
    if (why === 'ended') {
      void this.#ended(ended);
      return;
    }
    this.#leave();
    this.phase = why === 'cut' ? 'gone' : 'tooMany';
  }

  /** A new ticket and a new look at the record; either may say that it is over. */
  async #renew(): Promise<Ticket | null> {
    try {
      const [broadcast, ticket] = await Promise.all([api.broadcast(this.id), api.ticket(this.id)]);
      this.broadcast = broadcast;
      this.#ticket = ticket;
      if (broadcast.state !== 'ended') return ticket;
      void this.#ended();
      return null;
    } catch (reason) {
      if (!(reason instanceof Problem) || (reason.status !== 404 && reason.status !== 401)) throw reason;
      this.#leave();
      this.phase = 'gone';
      return null;
    }
  }

  #giveUp(fault: PictureFault): void {
    this.#picture.stop();
    this.#setOutlet(null);
    this.fault = fault;
    if (this.phase === 'live') this.#connect(false);
  }

  // ---- the end and the replay

  /** `told` by the live plane is all that is needed, and nobody else is asked. The host's page shows more of it, and there is one host. */
  async #ended(told?: Ended): Promise<void> {
    if (this.phase !== 'live') return;
    this.phase = 'ended';
    this.preparing = told?.replay !== false;
    this.#leave();
    if (told?.replay === undefined || this.broadcast!.isHost) {
      await this.#findRecording();
      return;
    }
    this.broadcast = recordAfter(this.broadcast!, told);
    if (told.replay) await this.#openReplay(told.after ?? Math.random() * spreadMs);
  }

  async #findRecording(): Promise<void> {
    const { state, recorded, isHost } = this.broadcast!;
    if (state === 'ended' && recorded && !isHost) {
      // The record and the ticket were read a moment ago, because the connection was lost.
      await this.#openReplay(Math.random() * spreadMs);
      return;
    }
    const found = await awaitRecording(this.id, (broadcast) => (this.broadcast = broadcast), () => this.#over);
    this.preparing = false;
    if (this.#over || found === 'none') return;
    if (found === 'recorded') await this.load();
    else this.phase = 'gone';
  }

  async #openReplay(afterMs: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    this.preparing = false;
    if (this.#over) return;
    this.#ticketFromBefore = true;
    await this.#startReplay();
  }

  async #startReplay(): Promise<void> {
    const { broadcast, playback } = this;
    if (!broadcast!.recorded) {
      this.phase = 'ended';
      return;
    }
    this.phase = 'replay';
    this.fault = null;
    const { video } = playback;
    if (!video) return;
    const source = { url: this.#ticket!.watch.replay, live: false, startAt: recall(this.id) ?? 0 };
    this.resumed = source.startAt > 0;
    playback.begin();
    const on = { failed: (why: string) => this.#giveUp(why === 'codec' ? 'unsupported' : 'failed'), refused: () => void this.#replayRefused() };
    const outlet = (await startHls(video, source, on)) ?? (NativeHlsOutlet.supported(video) ? new NativeHlsOutlet(video, source, on) : null);
    if (this.#over || !outlet) {
      outlet?.stop();
      if (!this.#over) this.#giveUp('unsupported');
      return;
    }
    this.#setOutlet(outlet);
    void playback.play(false);
    this.#replay = new ReplayComments(this.#ticket!, this.comments);
    void this.#replay.load();
  }

  /** The ticket is too old, the recording is not there yet, or one may no longer: a new ticket tells. */
  async #replayRefused(): Promise<void> {
    this.#savePosition();
    this.#setOutlet(null);
    if (++this.#replayRefusals > replayPatience) {
      this.phase = 'failed';
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 500 * this.#replayRefusals * (0.5 + Math.random())));
    if (this.#over) return;
    if (this.#ticketFromBefore && this.#replayRefusals <= oldTicketPatience) await this.#startReplay();
    else await this.load();
  }

  // ---- every now and then

  #tick(): void {
    if (this.phase === 'live') {
      this.atLive = this.#outlet?.atLive() ?? true;
      const latency = this.#latency.read(this.mediaTime(), Date.now());
      this.latencyMs = this.playback.hasFrame ? (latency ?? Math.round(this.ahead() * 1000)) : null;
    } else if (this.phase === 'replay') {
      this.#replay?.moved(this.mediaTime());
      this.#savePosition();
    }
  }

  #savePosition(): void {
    if (untrack(() => this.phase) === 'replay' && this.playback.hasFrame) keep(this.id, this.playback);
  }

  #show(outlet: Outlet | null): void {
    this.#outlet = outlet;
    this.transport = outlet?.transport ?? null;
  }

  /** The replay's way; the live picture sets its own. */
  #setOutlet(outlet: Outlet | null): void {
    this.#outlet?.stop();
    this.#show(outlet);
  }

  #leave(): void {
    this.#socket?.stop();
    this.#socket = null;
    this.latencyMs = null;
    this.#picture.stop();
    this.#setOutlet(null);
  }
}
