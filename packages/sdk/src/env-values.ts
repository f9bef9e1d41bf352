/** What a build leaves where a container puts a value when it starts. */
const SENTINEL = /^(?:HEXCLAVE|STACK)_ENV_VAR_SENTINEL(?:_|$)/;

/** The first of the values that says something. Within somebody's app nothing is refused, so nothing throws. */
export function first(...reads: (() => string | undefined)[]): string | undefined {
  for (const read of reads) {
    const value = attempt(read);
    if (value !== undefined && value.trim() !== '' && !SENTINEL.test(value)) return value;
  }
  return undefined;
}

/** Where there is no `process` and no bundler has replaced what is read from it, nothing is set. */
function attempt(read: () => string | undefined): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
