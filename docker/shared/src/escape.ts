import { extname } from 'node:path';

type Escape = (value: string) => string;

/** Letters and digits mean the same everywhere, and so do these. */
const PLAIN = /[^A-Za-z0-9 ._:/,;=+@%?#!~*()[\]{}|^-]/gu;

const units = (text: string) => Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
const codePoint = (character: string) => character.codePointAt(0)?.toString(16) ?? '';

/** Within any string literal of JavaScript, whatever its quotes, and of JSON. */
const inScript: Escape = (value) =>
  value.replace(/[^A-Za-z0-9 ._:/,;=+@%?#!~*()[\]|^-]/gu, (character) =>
    units(character)
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );

/** Within text and quoted attributes. */
const inMarkup: Escape = (value) => value.replace(PLAIN, (character) => `&#x${codePoint(character)};`);

/** Within a quoted string. */
const inStyle: Escape = (value) => value.replace(PLAIN, (character) => `\\${codePoint(character).padStart(6, '0')}`);

const BY_EXTENSION: Record<string, Escape> = {
  '.js': inScript,
  '.mjs': inScript,
  '.cjs': inScript,
  '.json': inScript,
  '.map': inScript,
  '.webmanifest': inScript,
  '.html': inMarkup,
  '.svg': inMarkup,
  '.xml': inMarkup,
  '.css': inStyle,
  '.txt': (value) => value,
};

/** How a value is written into a file, so that it is read there as it is; `undefined` where nobody knows. */
export function escapeFor(path: string): Escape | undefined {
  return BY_EXTENSION[extname(path)];
}
