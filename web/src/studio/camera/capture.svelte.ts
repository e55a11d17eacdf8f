import { sendsH264 } from '../../rtc/h264';
import { cardTrack, type CardTrack } from './card';
import { mix } from './sound';

export type Source = 'camera' | 'screen';
/** Why there is no picture: each has words that say what to do. */
export type CaptureProblem = 'insecure' | 'noWebRtc' | 'noH264' | 'denied' | 'missing' | 'busy' | 'failed';
/** What viewers see instead of the camera. */
export interface CardWords { off: string; paused: string; name: string }

const camerasKey = 'weir.camera';
const microphonesKey = 'weir.microphone';

/**
 * Camera, screen and microphone of this device. `video` and `audio` are the two tracks that go out, whatever they are at the moment:
 * a camera, the screen, a card, one voice or a mix. Whoever sends them is told when they change.
 */
export class Capture {
  source = $state<Source>('camera');
  problem = $state<CaptureProblem | null>(null);
  starting = $state(false);
  /** What the person sees of themselves; null while there is no picture. */
  preview = $state.raw<MediaStream | null>(null);
  cameras = $state.raw<MediaDeviceInfo[]>([]);
  microphones = $state.raw<MediaDeviceInfo[]>([]);
  cameraId = $state('');
  microphoneId = $state('');
  /** A picture of oneself is shown as in a mirror; what the others get is not mirrored. */
  mirrored = $state(true);
  portrait = $state(false);
  muted = $state(false);
  cameraOff = $state(false);
  paused = $state(false);
  /** The microphone alone, for the level meter. */
  voice = $state.raw<MediaStreamTrack | null>(null);
  onchange: (() => void) | null = null;

  #picture: MediaStreamTrack | null = null;
  #screenSound: MediaStreamTrack | null = null;
  #mixed: { track: MediaStreamTrack; stop(): void } | null = null;
  #card: CardTrack | null = null;
  #facing: 'user' | 'environment' = 'user';
  #generation = 0;
  readonly #devicesChanged = () => void this.#list();

  constructor(private readonly words: () => CardWords) {}

  /** What this browser or this address lacks, which no permission changes. */
  static get missing(): 'insecure' | 'noWebRtc' | 'noH264' | null {
    if (!isSecureContext) return 'insecure';
    if (navigator.mediaDevices === undefined || typeof RTCPeerConnection !== 'function') return 'noWebRtc';
    return sendsH264() ? null : 'noH264';
  }

  static get supported(): boolean {
    return Capture.missing === null;
  }

  static get canShareScreen(): boolean {
    return Capture.supported && typeof navigator.mediaDevices.getDisplayMedia === 'function';
  }

  get ready(): boolean {
    return this.#picture !== null || this.voice !== null;
  }

  get video(): MediaStreamTrack | null {
    if ((this.cameraOff || this.paused) && this.#card) return this.#card.track;
    return this.#picture;
  }

  get audio(): MediaStreamTrack | null {
    return this.#mixed?.track ?? this.voice ?? this.#screenSound;
  }

  /** Asks for camera and microphone; a missing camera is no reason not to talk, and a missing microphone none not to be seen. */
  async start(source: Source = this.source): Promise<void> {
    this.problem = Capture.missing;
    if (this.problem !== null) return;
    const generation = ++this.#generation;
    this.starting = true;
    try {
      if (source === 'screen') await this.#takeScreen(generation);
      else await this.#takeCamera(generation);
      if (this.voice === null) await this.#takeMicrophone(generation);
      this.source = source;
    } catch (reason) {
      if (generation === this.#generation) this.problem = problemOf(reason);
    } finally {
      if (generation === this.#generation) this.starting = false;
    }
    if (generation !== this.#generation) return;
    this.#applied();
    navigator.mediaDevices.removeEventListener('devicechange', this.#devicesChanged);
    navigator.mediaDevices.addEventListener('devicechange', this.#devicesChanged);
    await this.#list();
  }

  stop(): void {
    this.#generation++;
    navigator.mediaDevices?.removeEventListener('devicechange', this.#devicesChanged);
    for (const track of [this.#picture, this.#screenSound, this.voice]) track?.stop();
    this.#mixed?.stop();
    this.#card?.stop();
    this.#picture = this.#screenSound = this.#mixed = this.#card = null;
    this.voice = null;
    this.preview = null;
    this.starting = false;
    this.muted = this.cameraOff = this.paused = false;
  }

  async chooseCamera(id: string): Promise<void> {
    localStorage.setItem(camerasKey, id);
    this.cameraId = id;
    await this.start('camera');
  }

  async chooseMicrophone(id: string): Promise<void> {
    localStorage.setItem(microphonesKey, id);
    this.microphoneId = id;
    this.voice?.stop();
    this.voice = null;
    const generation = this.#generation;
    try {
      await this.#takeMicrophone(generation);
    } catch (reason) {
      this.problem = problemOf(reason);
    }
    this.#applied();
  }

  /** Front and back of a phone; on a computer the next camera. */
  async flip(): Promise<void> {
    const facing = this.#picture?.getSettings().facingMode;
    if (facing === 'user' || facing === 'environment') {
      this.#facing = facing === 'user' ? 'environment' : 'user';
      this.cameraId = '';
      localStorage.removeItem(camerasKey);
      await this.start('camera');
      return;
    }
    const at = this.cameras.findIndex((camera) => camera.deviceId === this.cameraId);
    const next = this.cameras[(at + 1) % this.cameras.length];
    if (next) await this.chooseCamera(next.deviceId);
  }

  /** Upright or wide, where the camera itself can be either (a phone is what it is held like). */
  async turn(): Promise<void> {
    this.portrait = !this.portrait;
    if (this.source === 'camera') await this.start('camera');
  }

  setMuted(muted: boolean): void {
    this.muted = muted;
    this.#applied();
  }

  setCameraOff(off: boolean): void {
    this.cameraOff = off;
    this.#applied();
  }

  /** Neither picture nor sound goes out; the broadcast goes on. */
  setPaused(paused: boolean): void {
    this.paused = paused;
    this.#applied();
  }

  async #takeCamera(generation: number): Promise<void> {
    // Phones open one camera at a time.
    this.#picture?.stop();
    this.#picture = null;
    this.#screenSound?.stop();
    this.#screenSound = null;
    const stored = this.cameraId || localStorage.getItem(camerasKey) || '';
    const which: MediaTrackConstraints = stored ? { deviceId: { ideal: stored } } : { facingMode: { ideal: this.#facing } };
    const shape: MediaTrackConstraints = this.portrait
      ? { width: { ideal: 720 }, height: { ideal: 1280 }, aspectRatio: { ideal: 9 / 16 } }
      : { width: { ideal: 1280 }, height: { ideal: 720 } };
    const video: MediaTrackConstraints = { ...which, ...shape, frameRate: { ideal: 30, max: 30 } };
    const wantsVoice = this.voice === null;
    let stream: MediaStream;
    try {
      // Both in one question, so that the person is asked once.
      stream = await navigator.mediaDevices.getUserMedia({ video, audio: wantsVoice ? microphone(this.#storedMicrophone()) : false });
    } catch (reason) {
      // One of the two is not there; which one, the second question tells.
      if (!(reason instanceof DOMException) || reason.name !== 'NotFoundError' || !wantsVoice) throw reason;
      stream = await navigator.mediaDevices.getUserMedia({ video }).catch(() => navigator.mediaDevices.getUserMedia({ audio: microphone(this.#storedMicrophone()) }));
    }
    if (!this.#current(generation, stream)) return;
    this.#picture = stream.getVideoTracks()[0] ?? null;
    if (wantsVoice) this.voice = stream.getAudioTracks()[0] ?? null;
    const settings = this.#picture?.getSettings();
    this.cameraId = settings?.deviceId ?? '';
    this.mirrored = settings?.facingMode !== 'environment';
    if (this.#picture) {
      this.#picture.contentHint = 'motion';
      this.#picture.onended = () => this.#lost('busy');
    }
  }

  async #takeScreen(generation: number): Promise<void> {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 30, max: 30 }, width: { max: 1920 }, height: { max: 1080 } }, audio: true });
    if (!this.#current(generation, stream)) return;
    this.#picture?.stop();
    this.#screenSound?.stop();
    this.#picture = stream.getVideoTracks()[0] ?? null;
    this.#screenSound = stream.getAudioTracks()[0] ?? null;
    this.mirrored = false;
    if (this.#picture) {
      this.#picture.contentHint = 'detail';
      // "Stop sharing" of the browser's own bar: back to the camera rather than to nothing.
      this.#picture.onended = () => void this.start('camera');
    }
  }

  async #takeMicrophone(generation: number): Promise<void> {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: microphone(this.#storedMicrophone()) });
      if (this.#current(generation, stream)) this.voice = stream.getAudioTracks()[0] ?? null;
    } catch (reason) {
      if (!(reason instanceof DOMException) || reason.name !== 'NotFoundError' || this.#picture === null) throw reason;
    }
  }

  #storedMicrophone(): string {
    return this.microphoneId || localStorage.getItem(microphonesKey) || '';
  }

  /** A newer question was asked meanwhile: what this one brought is not wanted any more. */
  #current(generation: number, stream: MediaStream): boolean {
    if (generation === this.#generation) return true;
    for (const track of stream.getTracks()) track.stop();
    return false;
  }

  #lost(problem: CaptureProblem): void {
    this.#picture = null;
    this.problem = problem;
    this.#applied();
  }

  #applied(): void {
    this.#mixed?.stop();
    this.#mixed = this.voice && this.#screenSound ? mix([this.voice, this.#screenSound]) : null;
    const silent = this.muted || this.paused;
    if (this.voice) this.voice.enabled = !silent;
    if (this.#screenSound) this.#screenSound.enabled = !this.paused;
    const covered = this.cameraOff || this.paused;
    if (covered) {
      const { width = 16, height = 9 } = this.#picture?.getSettings() ?? {};
      this.#card ??= cardTrack(height > width);
      const { off, paused, name } = this.words();
      this.#card.say(this.paused ? paused : off, name);
    } else {
      this.#card?.stop();
      this.#card = null;
    }
    const video = this.video;
    this.preview = video ? new MediaStream([video]) : null;
    this.onchange?.();
  }

  async #list(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices();
    this.cameras = all.filter((device) => device.kind === 'videoinput' && device.deviceId !== '');
    this.microphones = all.filter((device) => device.kind === 'audioinput' && device.deviceId !== '');
    this.microphoneId = this.voice?.getSettings().deviceId ?? this.microphoneId;
  }
}

function microphone(id: string): MediaTrackConstraints {
  return { ...(id ? { deviceId: { ideal: id } } : {}), echoCancellation: true, noiseSuppression: true, autoGainControl: true };
}

function problemOf(reason: unknown): CaptureProblem {
  if (!(reason instanceof DOMException) && !(reason instanceof TypeError)) throw reason;
  switch (reason.name) {
    case 'NotAllowedError': case 'SecurityError': return 'denied';
    case 'NotFoundError': case 'OverconstrainedError': return 'missing';
    case 'NotReadableError': case 'AbortError': return 'busy';
    default: return 'failed';
  }
}
