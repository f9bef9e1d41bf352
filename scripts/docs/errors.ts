import { KNOWN_ERRORS } from '@hexclave/contract';
import { ERROR_CATALOGUE } from '@hexclave/errors';
import { DESTINATION_ERRORS, type ErrorScope } from '@hexclave/sync';
import { escapeCell, GENERATED } from './markdown.ts';

/** What a failure of an external database holds up, for the owner of the database. */
const SCOPES: Record<ErrorScope, string> = {
  connection: 'the whole database',
  table: 'one table',
  row: 'that row only',
  transient: 'nothing for long',
};

/** The reference page of error codes. */
export function errorsPage(): string {
  return `# Error codes

${GENERATED}

Codes are added and deprecated, never renamed. There are three kinds:
[failures of an external database](#external-databases), which its owner sees,
[answers of the API](#the-api), and [errors of the server](#the-server), which the operator sees.

## External databases

Kept with the external database, with the SQLSTATE if there is one, since when, how often, and when the next attempt is
due. All are tried again by themselves; a database that works again is noticed without anybody's help.

| code | what happened | what to do | holds up |
|---|---|---|---|
${destinationRows().join('\n')}

## The API

Answered as \`{code, error, details}\` with this HTTP status; the code is also in the header \`x-hexclave-known-error\` when
the published client knows it.

| code | status | meaning |
|---|---|---|
${apiRows().join('\n')}

## The server

Each comes with a sentence on what happened and one on what to do. "Passes by itself" says whether the same thing, tried
again later, can succeed without anyone changing anything.

| code | meaning | passes by itself |
|---|---|---|
${serverRows().join('\n')}
`;
}

function destinationRows(): string[] {
  return Object.entries(DESTINATION_ERRORS).map(([code, { message, remedy, scope }]) =>
    row(`\`${code}\``, message, remedy, SCOPES[scope]),
  );
}

function apiRows(): string[] {
  return Object.entries(KNOWN_ERRORS).map(([code, { status, summary }]) => row(`\`${code}\``, String(status), summary));
}

function serverRows(): string[] {
  return Object.entries(ERROR_CATALOGUE).map(([code, { summary, retryable }]) =>
    row(`\`${code}\``, summary, retryable ? 'yes' : 'no'),
  );
}

function row(...cells: string[]): string {
  return `| ${cells.map(escapeCell).join(' | ')} |`;
}
