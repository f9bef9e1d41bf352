/** A part of a remedy: words to be read, or SQL to be run as it stands. */
export type RemedyPart = { readonly kind: 'words' | 'sql'; readonly text: string };

const COMMAND = '(?:ALTER|ANALYZE|CREATE|DELETE|DROP|GRANT|INSERT|REINDEX|REVOKE|SELECT|UPDATE|VACUUM)';
/**
 * SQL with a gap to be filled in is no SQL yet. What is quoted may be anything: names are whatever somebody has chosen. A
 * doubled quote in it reads as two pieces side by side; were it one of its own as well, each would double the time it takes
 * to find that there is no end.
 */
const STATEMENT = `${COMMAND}\\b(?:'[^']*'|"[^"]*"|[^'";…])*;`;
/** Elsewhere a word in capitals is a word of a sentence. */
const BEGINNING = new RegExp(`(?:^|: |\\n)(?=${COMMAND}\\b)`, 'g');

/** Parts the SQL of a remedy from its words: what somebody copies must be all of it, and nothing else. */
export function splitRemedy(remedy: string): RemedyPart[] {
  const parts: RemedyPart[] = [];
  let end = 0;
  for (const beginning of remedy.matchAll(BEGINNING)) {
    const start = beginning.index + beginning[0].length;
    const text = start < end ? '' : statementsAt(remedy, start);
    if (text === '') continue;
    parts.push({ kind: 'words', text: remedy.slice(end, start).trim() }, { kind: 'sql', text });
    end = start + text.length;
  }
  parts.push({ kind: 'words', text: remedy.slice(end).trim() });
  return parts.filter(({ text }) => text !== '');
}

/** All statements that follow one another there; empty: none does. */
function statementsAt(remedy: string, start: number): string {
  const statements = new RegExp(`${STATEMENT}(?:\\s+${STATEMENT})*`, 'y');
  statements.lastIndex = start;
  return statements.exec(remedy)?.[0] ?? '';
}
