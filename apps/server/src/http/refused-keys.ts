/** Keys that were refused moments ago: whoever sends the same wrong one all the time costs no query each time. */
export type RefusedKeys = {
  has(key: string): boolean;
  add(key: string): void;
};

export type RefusedKeysOptions = {
  /** For so long a key is refused without looking again, though it might be given out meanwhile. Default 10,000 ms. */
  readonly forMs?: number;
  /** The oldest are forgotten first. Default 10,000. */
  readonly most?: number;
  /** In ms. Default: the clock of the process. */
  readonly now?: () => number;
};

/** In the memory of this process, by whatever stands for a key: never the key itself. */
export function createRefusedKeys({
  forMs = 10_000,
  most = 10_000,
  now = () => performance.now(),
}: RefusedKeysOptions = {}): RefusedKeys {
  const until = new Map<string, number>();
  return {
    has: (key) => {
      const end = until.get(key);
      if (end === undefined) return false;
      if (end > now()) return true;
      until.delete(key);
      return false;
    },
    add: (key) => {
      until.delete(key);
      until.set(key, now() + forMs);
      const [oldest] = until.keys();
      if (until.size > most && oldest !== undefined) until.delete(oldest);
    },
  };
}
