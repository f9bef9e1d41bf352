import { splitRemedy } from '../lib/remedy.ts';
import { CodeBlock } from './copy.tsx';

/** What to do about a failure; SQL can be taken as it is. */
export function RemedyText({ remedy }: { remedy: string }) {
  const { text, sql } = splitRemedy(remedy);
  return (
    <>
      <p>{text}</p>
      {sql !== undefined && <CodeBlock code={sql} label="The SQL that fixes it" />}
    </>
  );
}
