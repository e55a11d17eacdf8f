// Reads the time out of each painted frame: four rows of sixteen blocks of 32 pixels, most significant bit first; 48 bits of
// Unix milliseconds and a checksum of 16 bits. Samples are milliseconds from drawing at the encoder to the painted frame.
window.readStamps = (video) => {
  const block = 32;
  const canvas = document.createElement('canvas');
  canvas.width = 16 * block;
  canvas.height = 4 * block;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const read = { samples: [], unreadable: 0 };
  const row = (pixels, y) => {
    let bits = 0;
    for (let x = 0; x < 16; x++) {
      let sum = 0;
      for (let dy = -4; dy < 4; dy++) for (let dx = -4; dx < 4; dx++) sum += pixels[(((y + 0.5) * block + dy) * canvas.width + (x + 0.5) * block + dx) * 4 + 1];
      bits = bits * 2 + (sum > 64 * 128 ? 1 : 0);
    }
    return bits;
  };
  const painted = () => {
    const now = Date.now();
    context.drawImage(video, 0, 0, canvas.width, canvas.height, 0, 0, canvas.width, canvas.height);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
    const [high, middle, low, sum] = [0, 1, 2, 3].map((y) => row(pixels, y));
    if (sum === ((high ^ (middle * 3) ^ (low * 5) ^ 0xa5c3) & 0xffff)) read.samples.push(now - (high * 2 ** 32 + middle * 2 ** 16 + low));
    else read.unreadable++;
    video.requestVideoFrameCallback(painted);
  };
  video.requestVideoFrameCallback(painted);
  window.stamps = read;
};
