import { keepSession, noteRefusal } from './session.ts';

/**
 * What only people do. Pages ask, follow and scroll by themselves. Whoever dictates, or presses by way of a screen reader, may
 * cause no more than `input` and `click`.
 */
const DEEDS = ['pointerdown', 'keydown', 'wheel', 'touchmove', 'click', 'input'] as const;
/** The server writes a use down once a minute. */
const TOLD_EVERY_MS = 60_000;

/** Tells the server when a person uses the page, opening it included. Returns what stops that. */
export function tellUse(): () => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  const tell = () => {
    if (Date.now() - toldAt < TOLD_EVERY_MS) return;
    toldAt = Date.now();
    // What did not arrive is said again with what is done in a minute.
    keepSession().catch(noteRefusal);
  };
  const notice = ({ isTrusted }: Event) => {
    if (isTrusted) tell();
  };
  for (const deed of DEEDS) window.addEventListener(deed, notice, { capture: true, passive: true });
  if (document.visibilityState === 'visible') tell();
  return () => {
    for (const deed of DEEDS) window.removeEventListener(deed, notice, { capture: true });
  };
}
