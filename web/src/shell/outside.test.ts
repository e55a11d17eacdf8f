import { expect, it, vi } from 'vitest';
import { closeOutside } from './outside';

/** What a browser gives to the dialog: the target is the dialog itself for its backdrop. */
function told(dialog: EventTarget, type: string, target: unknown) {
  const event = new Event(type);
  Object.defineProperty(event, 'target', { value: target });
  dialog.dispatchEvent(event);
}

it('closes by a click that begins and ends beside the dialog, and by no drag out of it', () => {
  const [dialog, field, close] = [new EventTarget(), {}, vi.fn()];
  const end = closeOutside(dialog, close);
  told(dialog, 'pointerdown', field);
  told(dialog, 'click', dialog);
  told(dialog, 'pointerdown', dialog);
  told(dialog, 'click', field);
  told(dialog, 'click', dialog);
  expect(close).not.toHaveBeenCalled();
  told(dialog, 'pointerdown', dialog);
  told(dialog, 'click', dialog);
  expect(close).toHaveBeenCalledTimes(1);
  end();
  told(dialog, 'pointerdown', dialog);
  told(dialog, 'click', dialog);
  expect(close).toHaveBeenCalledTimes(1);
});
