/** What has been opened so far, and is closed in the opposite order. */
export type Closers = {
  add(close: () => Promise<void>): void;
  /** Closes everything, even if some of it fails, and tells `onError` what did. */
  closeAll(onError: (error: unknown) => void): Promise<void>;
};

export function createClosers(): Closers {
  const pending: (() => Promise<void>)[] = [];
  return {
    add: (close) => pending.push(close),
    closeAll: async (onError) => {
      for (let close = pending.pop(); close !== undefined; close = pending.pop()) await close().catch(onError);
    },
  };
}
