/** Fills the screen with the element, or leaves it; a browser that refuses changes nothing. */
export function toggleFullscreen(element: HTMLElement): void {
  const change = document.fullscreenElement ? document.exitFullscreen() : element.requestFullscreen();
  change.catch(() => undefined);
}
