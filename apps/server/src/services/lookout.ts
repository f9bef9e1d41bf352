/** Looks again and again, for as long as there is something to look after. */
export type Lookout = {
  /** There may be something now. */
  begin(): void;
};

export type LookoutOptions = {
  /** Between the end of a look and the next one, in ms. */
  readonly everyMs: number;
  readonly isNeeded: () => boolean;
  /** A look that fails is followed by the next one as any other. */
  readonly look: () => Promise<void>;
  readonly onError?: (error: unknown) => void;
};

/** It keeps no process from ending. */
export function createLookout({ everyMs, isNeeded, look, onError }: LookoutOptions): Lookout {
  let timer: NodeJS.Timeout | undefined;
  const begin = () => {
    if (timer !== undefined || !isNeeded()) return;
    timer = setTimeout(async () => {
      if (isNeeded()) await look().catch((error: unknown) => onError?.(error));
      timer = undefined;
      begin();
    }, everyMs);
    timer.unref();
  };
  return { begin };
}
