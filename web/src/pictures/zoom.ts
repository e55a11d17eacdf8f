/** How a picture lies in the window: its scale, and its middle's distance from the window's middle in CSS pixels. */
export interface View { scale: number; x: number; y: number }

export const whole: View = { scale: 1, x: 0, y: 0 };
const most = 6;

/** Zooms so that the point under the pointer (from the window's middle) stays there. */
export function zoomAt(view: View, factor: number, x: number, y: number): View {
  const scale = Math.min(most, Math.max(1, view.scale * factor));
  if (scale === 1) return whole;
  const change = scale / view.scale;
  return { scale, x: x - (x - view.x) * change, y: y - (y - view.y) * change };
}

/** Keeps the picture over the middle of the window. */
export function keepInside(view: View, width: number, height: number): View {
  const [farX, farY] = [(width * view.scale) / 2, (height * view.scale) / 2];
  return { scale: view.scale, x: Math.min(farX, Math.max(-farX, view.x)), y: Math.min(farY, Math.max(-farY, view.y)) };
}
