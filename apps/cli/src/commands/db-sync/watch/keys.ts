import type { ReadStream } from 'node:tty';

type Actions = { readonly quit: () => void; readonly hold: () => void };

const CTRL_C = '\u0003';

/** Listens to single keys. Returns how to give the terminal back as it was. */
export function listenToKeys(stdin: ReadStream, { quit, hold }: Actions): () => void {
  const onKeys = (chunk: Buffer) => {
    for (const key of chunk.toString()) {
      if (key === 'q' || key === CTRL_C) quit();
      if (key === 'p') hold();
    }
  };
  stdin.setRawMode(true);
  stdin.resume();
  stdin.on('data', onKeys);
  return () => {
    stdin.off('data', onKeys);
    stdin.setRawMode(false);
    stdin.pause();
  };
}
