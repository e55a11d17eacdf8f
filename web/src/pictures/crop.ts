/** The square that is shown of a picture: zoom 1 is the largest that fits, across and down are where it lies, 0 to 1. */
export interface Framing { zoom: number; across: number; down: number }

export interface Square { x: number; y: number; size: number }

/** The square in pixels of the picture. */
export function squareOf(width: number, height: number, { zoom, across, down }: Framing): Square {
  const size = Math.max(1, Math.min(width, height) / Math.max(1, zoom));
  return { x: (width - size) * clamp(across), y: (height - size) * clamp(down), size };
}

/** Moves the picture under the square by this much, both in CSS pixels of a square of `side`. */
export function dragged(framing: Framing, width: number, height: number, dx: number, dy: number, side: number): Framing {
  const { x, y, size } = squareOf(width, height, framing);
  const scale = size / side;
  return {
    zoom: framing.zoom,
    across: width > size ? clamp((x - dx * scale) / (width - size)) : 0.5,
    down: height > size ? clamp((y - dy * scale) / (height - size)) : 0.5,
  };
}

const clamp = (value: number): number => Math.min(1, Math.max(0, value));
