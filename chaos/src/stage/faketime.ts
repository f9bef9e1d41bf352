import { existsSync } from 'node:fs';

const PLACES = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/faketime/libfaketime.so.1',
] as const;

/** Where Debian's libfaketime is, and the file through which a clock is moved; `null` where it is not installed. */
export function findFaketime(file: string): { readonly library: string; readonly file: string } | null {
  const library = PLACES.find((place) => existsSync(place));
  return library === undefined ? null : { library, file };
}
