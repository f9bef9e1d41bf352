/**
 * A build-time sentinel stands in built files where a value will be that is only known when a container starts: the
 * build is given `HEXCLAVE_ENV_VAR_SENTINEL_<name>` as the value of `<name>`, and docker/shared puts the real value in
 * its place. One that nobody has replaced is no value: whoever reads variables takes it for unset. The older spelling
 * is in images that were built before the rename.
 */
const SENTINEL = '(?:HEXCLAVE|STACK)_ENV_VAR_SENTINEL';

/** Whether the whole text is a sentinel; one that merely contains one is a value like any other. */
export function isSentinel(text: string): boolean {
  return new RegExp(`^${SENTINEL}(?:_[A-Z0-9_]+)?$`).test(text);
}

/** What a build writes in the place of a variable's value. */
export function sentinelOf(name: string): string {
  return `HEXCLAVE_ENV_VAR_SENTINEL_${name}`;
}

/**
 * Replaces every sentinel in a text at once: what comes in for one is not searched for others. One for which `lookUp`
 * knows nothing stays.
 */
export function replaceSentinels(text: string, lookUp: (name: string) => string | undefined): string {
  // As many letters as possible: the sentinel of X is also the beginning of that of X_Y.
  return text.replace(new RegExp(`${SENTINEL}_([A-Z0-9_]+)`, 'g'), (whole, name: string) => lookUp(name) ?? whole);
}
