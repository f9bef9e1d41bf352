import { isSentinel } from '@hexclave/env';

const NAME = /^((?:NEXT_PUBLIC_(?:BROWSER_|SERVER_)?|VITE_)?)(HEXCLAVE|STACK)_(\w+)$/;

/** A variable that goes by two names, the older one second. */
export type Spellings = readonly [canonical: string, legacy: string];

/** `undefined` for a variable that goes by one name, whoever it belongs to. */
export function spellingsOf(name: string): Spellings | undefined {
  const match = NAME.exec(name);
  return match === null ? undefined : [`${match[1]}HEXCLAVE_${match[3]}`, `${match[1]}STACK_${match[3]}`];
}

/** Whether a value says nothing: it is empty, or what a build has left where a value was to come. */
export function isBlank(value: string | undefined): boolean {
  return value === undefined || value.trim() === '' || isSentinel(value);
}
