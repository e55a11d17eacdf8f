import * as api from '../../api/calls';
import { Problem } from '../../api/http';
import { RtcResource, type RtcTarget } from '../../rtc/resource';
import { Backoff } from '../../watch/player/backoff';
import type { Capture } from './capture.svelte';
import { QualityMeter, type Quality, type Reading } from './quality';

/** `replaced`: another encoder sends into this broadcast now. `over`: it has ended, or one may no longer send. */
export type SendState = 'starting' | 'sending' | 'reconnecting' | 'replaced' | 'over';

const lookEveryMs = 1000;
/** So long a silent path may recover by itself before it is restarted. */
const disconnectedPatienceMs = 1200;
/** The server reports once a second. A browser calls a path disconnected only after some five seconds in which nothing came. */
const silentMs = 3000;
const bitrates = { camera: 2_500_000, screen: 4_000_000 };

/** This device's picture and sound on their way into one broadcast: kept up over changes of network, track and server. */
export class Sending {
  state = $state<SendState>('starting');
  quality = $state<Quality>('unknown');
  readonly startedAt = Date.now();

  #connection: RTCPeerConnection | null = null;
  #resource: RtcResource | null = null;
  #meter = new QualityMeter();
  #counted = { at: 0, bytes: 0 };
  readonly #backoff = new Backoff();
  #retry: ReturnType<typeof setTimeout> | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #looks: ReturnType<typeof setInterval>;
  #restarting = false;
  /** When silence last made it restart, by `performance.now()`. */
  #askedAt = 0;
  #over = false;
  readonly #online = () => void this.#restart();
  /** What the capture calls when a track of it changed. */
  readonly tracksChanged = () => void this.#tracksChanged();

  constructor(
    readonly broadcast: string,
    private readonly target: RtcTarget,
    readonly capture: Capture,
    /** It has ended, or one may no longer send. */
    private readonly onover: () => void,
  ) {
    this.#looks = setInterval(() => void this.#look(), lookEveryMs);
    capture.onchange = this.tracksChanged;
    addEventListener('online', this.#online);
  }

  /** The first attempt: its failure is the caller's to tell. Later ones are repeated until `stop`. */
  async start(): Promise<void> {
    await this.#connect();
  }

  async stop(): Promise<void> {
    this.#end();
    const resource = this.#resource;
    this.#resource = null;
    await resource?.close();
  }

  /** Sends from here again, after another encoder took over. */
  async takeBack(): Promise<void> {
    if (this.#over || this.state !== 'replaced') return;
    this.state = 'reconnecting';
    this.#resource = null; // of what was taken away there is nothing more to ask
    await this.#again();
  }

  async #connect(): Promise<void> {
    this.#drop();
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    this.#connection = connection;
    connection.onconnectionstatechange = () => this.#changed(connection);
    const { video, audio, preview } = this.capture;
    const stream = preview ?? new MediaStream();
    const pictures = connection.addTransceiver(video ?? 'video', { direction: 'sendonly', streams: [stream], sendEncodings: [{ maxBitrate: bitrates[this.capture.source] }] });
    connection.addTransceiver(audio ?? 'audio', { direction: 'sendonly', streams: [stream] });
    preferH264(pictures);
    const resource = await RtcResource.open(connection, this.target);
    if (this.#over || connection !== this.#connection) {
      connection.close();
      await resource.close();
      return;
    }
    this.#resource = resource;
    await this.#tracksChanged(); // they may have changed while the answer was on its way
  }

  #changed(connection: RTCPeerConnection): void {
    if (connection !== this.#connection || this.#over) return;
    clearTimeout(this.#patience);
    switch (connection.connectionState) {
      case 'connected':
        this.state = 'sending';
        this.#backoff.reset();
        break;
      case 'disconnected':
        this.state = 'reconnecting';
        this.#patience = setTimeout(() => void this.#restart(), disconnectedPatienceMs);
        break;
      case 'failed':
        this.state = 'reconnecting';
        this.#later();
        break;
    }
  }

  /** The network changed under a session that the server may still hold. */
  async #restart(): Promise<void> {
    const connection = this.#connection;
    if (this.#over || this.#restarting || !connection || !this.#resource || this.state === 'replaced') return;
    this.#restarting = true;
    try {
      await this.#resource.restart(connection);
    } catch (reason) {
      if (!(reason instanceof Problem) && !(reason instanceof DOMException)) throw reason;
      if (connection !== this.#connection || this.#over) return;
      this.state = 'reconnecting';
      if (reason instanceof Problem && (reason.status === 404 || reason.status === 410)) this.#later();
      else this.#patience = setTimeout(() => void this.#restart(), this.#backoff.next()); // no way to the server yet
    } finally {
      this.#restarting = false;
    }
  }

  #later(): void {
    this.#drop();
    clearTimeout(this.#retry);
    if (!this.#over) this.#retry = setTimeout(() => void this.#again(), this.#backoff.next());
  }

  /** Whether there is anything to begin again, the broadcast's record says; whether somebody else took over, the session's own address. */
  async #again(): Promise<void> {
    try {
      const { state, isHost } = await api.broadcast(this.broadcast);
      if (this.#over) return;
      if (state === 'ended' || !isHost) this.#end();
      else if (await this.#resource?.replaced()) this.state = 'replaced';
      else await this.#connect();
    } catch (reason) {
      if (!(reason instanceof Problem) && !(reason instanceof DOMException)) throw reason;
      if (reason instanceof Problem && (reason.status === 404 || reason.status === 401) && !this.#connection) this.#end();
      else this.#later();
    }
  }

  async #tracksChanged(): Promise<void> {
    const connection = this.#connection;
    if (!connection || connection.signalingState === 'closed') return;
    const [pictures, sound] = connection.getTransceivers();
    if (!pictures || !sound) return;
    if (pictures.sender.track !== this.capture.video) await pictures.sender.replaceTrack(this.capture.video);
    if (sound.sender.track !== this.capture.audio) await sound.sender.replaceTrack(this.capture.audio);
    const parameters = pictures.sender.getParameters();
    const [encoding] = parameters.encodings;
    if (!encoding || encoding.maxBitrate === bitrates[this.capture.source]) return;
    encoding.maxBitrate = bitrates[this.capture.source];
    await pictures.sender.setParameters(parameters);
  }

  async #look(): Promise<void> {
    const connection = this.#connection;
    if (!connection || this.state !== 'sending') return;
    const reading: Reading = { lost: null, roundTripMs: null, framesPerSecond: null, bitsPerSecond: 0, limitedBy: 'none' };
    const report = await connection.getStats();
    const now = performance.now();
    let silentFor = Infinity;
    report.forEach((entry: Record<string, unknown>) => {
      if (entry.type === 'candidate-pair' && entry.nominated === true && typeof entry.lastPacketReceivedTimestamp === 'number') {
        // After a restart the pair of before is listed as well.
        silentFor = Math.min(silentFor, Number(entry.timestamp) - entry.lastPacketReceivedTimestamp);
      }
      if (entry.kind !== 'video') return;
      if (entry.type === 'outbound-rtp') {
        const bytes = Number(entry.bytesSent ?? 0);
        reading.framesPerSecond = typeof entry.framesPerSecond === 'number' ? entry.framesPerSecond : null;
        reading.limitedBy = (entry.qualityLimitationReason as Reading['limitedBy'] | undefined) ?? 'none';
        reading.bitsPerSecond = this.#counted.at > 0 ? ((bytes - this.#counted.bytes) * 8000) / Math.max(now - this.#counted.at, 1) : 0;
        this.#counted = { at: now, bytes };
      } else if (entry.type === 'remote-inbound-rtp') {
        reading.lost = typeof entry.fractionLost === 'number' ? entry.fractionLost : null;
        reading.roundTripMs = typeof entry.roundTripTime === 'number' ? entry.roundTripTime * 1000 : null;
      }
    });
    this.quality = this.#meter.read(reading);
    if (silentFor < Infinity && silentFor > silentMs && now - this.#askedAt > silentMs) {
      this.#askedAt = now;
      await this.#restart();
    }
  }

  #drop(): void {
    clearTimeout(this.#patience);
    const connection = this.#connection;
    this.#connection = null;
    if (connection) {
      connection.onconnectionstatechange = null;
      connection.close();
    }
    this.#counted = { at: 0, bytes: 0 };
    this.#meter = new QualityMeter();
    this.quality = 'unknown';
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.state = 'over';
    clearTimeout(this.#retry);
    clearInterval(this.#looks);
    removeEventListener('online', this.#online);
    if (this.capture.onchange === this.tracksChanged) this.capture.onchange = null;
    clearTimeout(this.#patience);
    this.#drop();
    this.onover();
  }
}

/** The one picture format that every outlet and every viewer takes; baseline first, which has no reordered frames. */
function preferH264(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpReceiver.getCapabilities('video')?.codecs ?? [];
  const rank = (codec: RTCRtpCodec) => {
    const mime = codec.mimeType.toLowerCase();
    if (mime !== 'video/h264') return mime === 'video/rtx' ? 2 : 3;
    return codec.sdpFmtpLine?.includes('packetization-mode=1') ? 0 : 1;
  };
  if (codecs.some((codec) => rank(codec) === 0)) transceiver.setCodecPreferences([...codecs].sort((a, b) => rank(a) - rank(b)));
}
