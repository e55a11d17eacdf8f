/**
 * A phone's keyboard covers the page on some systems instead of making it smaller: the page is then as high as what is left to see, and stays at the top. Gives a function that
 * ends it.
 */
export function keyboardRoom(): () => void {
  const view = window.visualViewport;
  if (!view) return () => {};
  const root = document.documentElement;
  const fit = () => {
    // Zoomed in by two fingers is no keyboard.
    const covered = view.scale === 1 && innerHeight - view.height > 80;
    if (!covered) root.style.removeProperty('--height');
    else {
      root.style.setProperty('--height', `${view.height}px`);
      if (view.offsetTop > 0) scrollTo(0, 0);
    }
  };
  view.addEventListener('resize', fit);
  view.addEventListener('scroll', fit);
  fit();
  return () => {
    view.removeEventListener('resize', fit);
    view.removeEventListener('scroll', fit);
    root.style.removeProperty('--height');
  };
}
