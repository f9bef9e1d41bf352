import type { AnyCommand } from '../declare/command.ts';

/** What the help of a command says after its options. */
export function helpAfter({ examples, json, failsWhen }: AnyCommand): string {
  const parts = [
    examples && ['Examples:', ...examples.map((line) => `  $ ${line}`)].join('\n'),
    json && `With --json: ${json.words}`,
    failsWhen && `Exit code 1: ${failsWhen}`,
  ].filter(Boolean);
  return parts.length === 0 ? '' : `\n${parts.join('\n\n')}`;
}
