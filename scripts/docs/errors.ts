import { ERROR_CATALOGUE } from '@hexclave/errors';
import { escapeCell, GENERATED } from './markdown.ts';

/** The reference page of error codes. */
export function errorsPage(): string {
  const rows = Object.entries(ERROR_CATALOGUE).map(
    ([code, { summary, retryable }]) => `| \`${code}\` | ${escapeCell(summary)} | ${retryable ? 'yes' : 'no'} |`,
  );
  return `# Error codes

${GENERATED}

Each error comes with a sentence on what happened and one on what to do. "Passes by itself" says whether the same
thing, tried again later, can succeed without anyone changing anything.

| code | meaning | passes by itself |
|---|---|---|
${rows.join('\n')}
`;
}
