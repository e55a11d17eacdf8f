import type { MenuPlace } from '../shell/Menu.svelte';

const longMs = 450;
const slipPx = 10;

/** Opens a menu by long press, right click, the menu key and Shift+F10. For `{@attach press(open)}`. */
export function press(open: (place: MenuPlace) => void): (element: HTMLElement) => () => void {
  return (element) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let from = { x: 0, y: 0 };
    let opened = 0;
    let touched = false;

    const show = (x: number, y: number) => {
      // A long press may be told twice: by our clock and by the browser's own contextmenu. A key or a button is told once, however soon it is pressed again.
      if (touched && Date.now() - opened < 700) return;
      opened = Date.now();
      open({ x, y });
    };
    const down = (event: PointerEvent) => {
      touched = event.pointerType !== 'mouse';
      if (!touched) return;
      from = { x: event.clientX, y: event.clientY };
      clearTimeout(timer);
      timer = setTimeout(() => show(from.x, from.y), longMs);
    };
    const move = (event: PointerEvent) => {
      if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > slipPx) clearTimeout(timer);
    };
    const stop = () => clearTimeout(timer);
    const menu = (event: MouseEvent) => {
      event.preventDefault();
      // From the keyboard there is no pointer: beside the element.
      const box = element.getBoundingClientRect();
      const keyed = event.clientX === 0 && event.clientY === 0;
      show(keyed ? box.left + 24 : event.clientX, keyed ? box.top + 24 : event.clientY);
    };
    // The finger that opened the menu lifts: that is no tap on the link below it.
    const click = (event: MouseEvent) => {
      if (!touched || Date.now() - opened > 700) return;
      event.preventDefault();
      event.stopPropagation();
    };
    element.addEventListener('pointerdown', down);
    element.addEventListener('pointermove', move);
    element.addEventListener('pointerup', stop);
    element.addEventListener('pointercancel', stop);
    element.addEventListener('contextmenu', menu);
    element.addEventListener('click', click, true);
    return () => {
      stop();
      element.removeEventListener('pointerdown', down);
      element.removeEventListener('pointermove', move);
      element.removeEventListener('pointerup', stop);
      element.removeEventListener('pointercancel', stop);
      element.removeEventListener('contextmenu', menu);
      element.removeEventListener('click', click, true);
    };
  };
}
