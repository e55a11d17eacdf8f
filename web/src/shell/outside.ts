/**
 * Closes a dialog by a click beside it, on its backdrop. The click must have begun there too: one that begins inside, to choose what was typed, and ends outside is
 * given to the dialog as well, and would lose what was typed. Gives a function that ends it.
 */
export function closeOutside(dialog: EventTarget, close: () => void): () => void {
  let began = false;
  const down = (event: Event) => (began = event.target === dialog);
  const click = (event: Event) => {
    const outside = began && event.target === dialog;
    began = false;
    if (outside) close();
  };
  dialog.addEventListener('pointerdown', down);
  dialog.addEventListener('click', click);
  return () => {
    dialog.removeEventListener('pointerdown', down);
    dialog.removeEventListener('click', click);
  };
}
