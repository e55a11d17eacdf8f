/** Measures and mixes what is heard. One audio context for all, made at the first need and woken by the first tap. */
let shared: AudioContext | null = null;

function context(): AudioContext {
  shared ??= new AudioContext();
  if (shared.state === 'suspended') void shared.resume().catch(() => undefined); // until somebody taps; then it is tried again
  return shared;
}

/** How loud a track is right now, 0 to 1 (a voice at arm's length is about a half). */
export class LevelMeter {
  readonly #analyser: AnalyserNode;
  readonly #source: MediaStreamAudioSourceNode;
  readonly #samples: Float32Array<ArrayBuffer>;

  constructor(track: MediaStreamTrack) {
    const audio = context();
    this.#analyser = audio.createAnalyser();
    this.#analyser.fftSize = 1024;
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#source = audio.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
  }

  read(): number {
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    const decibels = 10 * Math.log10(sum / this.#samples.length + 1e-10);
    return Math.min(Math.max((decibels + 60) / 60, 0), 1);
  }

  stop(): void {
    this.#source.disconnect();
  }
}

/** Several tracks as one: the screen's sound with one's voice over it. */
export function mix(tracks: MediaStreamTrack[]): { track: MediaStreamTrack; stop(): void } {
  const audio = context();
  const out = audio.createMediaStreamDestination();
  const sources = tracks.map((track) => audio.createMediaStreamSource(new MediaStream([track])));
  for (const source of sources) source.connect(out);
  const track = out.stream.getAudioTracks()[0]!;
  return {
    track,
    stop() {
      for (const source of sources) source.disconnect();
      track.stop();
    },
  };
}
