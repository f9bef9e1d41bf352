/** Why a text is not taken as JSON. The message names a place, never a value. */
export class StrictJsonError extends Error {
  override name = 'StrictJsonError';
}

const MAX_DEPTH = 64;
/** The tokens of a text that is known to be JSON: strings, brackets, colons and commas, and numbers. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|-?[0-9][0-9.eE+-]*/g;

/**
 * Parses JSON that can be stored and given back unchanged. Beyond what `JSON.parse` refuses, it refuses what would be
 * lost or do harm later: two equal keys in one object, `__proto__`, integers that a double would change, nesting
 * deeper than 64, and in strings NUL (which PostgreSQL cannot store) and lone surrogates (which UTF-8 cannot).
 */
export function parseStrictJson(text: string): unknown {
  const value = parse(text);
  const open: Container[] = [];
  for (const [token] of text.matchAll(TOKEN)) visit(token, open);
  return value;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The message of the parser quotes the text.
    throw new StrictJsonError('is not valid JSON');
  }
}

/** An object or array that has begun but not ended; only objects have keys. */
type Container = { keys: Set<string> | undefined; expectsKey: boolean };

function visit(token: string, open: Container[]): void {
  const innermost = open.at(-1);
  switch (token[0]) {
    case '{':
      begin(open, { keys: new Set(), expectsKey: true });
      break;
    case '[':
      begin(open, { keys: undefined, expectsKey: false });
      break;
    case '}':
    case ']':
      open.pop();
      break;
    case ',':
    case ':':
      if (innermost) innermost.expectsKey = token === ',' && innermost.keys !== undefined;
      break;
    case '"':
      visitString(token.includes('\\') ? JSON.parse(token) : token.slice(1, -1), innermost);
      break;
    default:
      visitNumber(token);
  }
}

function begin(open: Container[], container: Container): void {
  if (open.push(container) > MAX_DEPTH) throw new StrictJsonError(`is nested deeper than ${MAX_DEPTH}`);
}

function visitString(text: string, container: Container | undefined): void {
  if (text.includes('\u0000')) throw new StrictJsonError('contains a NUL character (\\u0000), which cannot be stored');
  if (/\p{Surrogate}/u.test(text))
    throw new StrictJsonError('contains half of a surrogate pair, which cannot be stored');
  if (!container?.expectsKey) return;
  if (text === '__proto__') throw new StrictJsonError('contains the key __proto__');
  if (container.keys?.has(text)) throw new StrictJsonError('contains an object with two equal keys');
  container.keys?.add(text);
}

/** Integers must come back as they were; fractions are rounded to the nearest double, as everywhere. */
function visitNumber(token: string): void {
  const value = Number(token);
  const kept = /[.eE]/.test(token) ? Number.isFinite(value) : Number.isSafeInteger(value) || String(value) === token;
  if (!kept) throw new StrictJsonError('contains a number that a double cannot hold; send it as a string');
}
