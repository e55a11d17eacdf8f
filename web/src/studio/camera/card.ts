/** A still picture as a video track: what viewers see in place of a camera that is off. */
export interface CardTrack { track: MediaStreamTrack; say(words: string, name: string): void; stop(): void }

const drawEveryMs = 250;

/** @param portrait the shape of the picture that it takes the place of, so that the players' frames do not jump. */
export function cardTrack(portrait: boolean): CardTrack {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = portrait ? [540, 960] : [960, 540];
  const pen = canvas.getContext('2d')!;
  let shown = { words: '', name: '' };

  function draw() {
    const { width, height } = canvas;
    const shade = pen.createLinearGradient(0, 0, width, height);
    shade.addColorStop(0, '#0b4f45');
    shade.addColorStop(1, '#0c211e');
    pen.fillStyle = shade;
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = '#fff';
    pen.textAlign = 'center';
    pen.font = '600 44px system-ui, sans-serif';
    pen.fillText(shown.name, width / 2, height / 2 - 12, width - 60);
    pen.font = '28px system-ui, sans-serif';
    pen.fillStyle = '#cfe6e1';
    pen.fillText(shown.words, width / 2, height / 2 + 40, width - 60);
  }

  draw();
  // An encoder needs frames also while nothing changes: whoever joins now must see the card soon.
  const timer = setInterval(draw, drawEveryMs);
  const [track] = canvas.captureStream(1000 / drawEveryMs).getVideoTracks();
  return {
    track: track!,
    say(words, name) {
      shown = { words, name };
      draw();
    },
    stop() {
      clearInterval(timer);
      track!.stop();
    },
  };
}
