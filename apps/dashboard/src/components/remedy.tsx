import { splitRemedy } from '@hexclave/errors';
import { CodeBlock } from './copy.tsx';

/** What to do about a failure; each piece of SQL can be taken as it is. */
export function RemedyText({ remedy }: { remedy: string }) {
  const parts = splitRemedy(remedy);
  const statements = parts.filter(({ kind }) => kind === 'sql');
  return (
    <>
      {parts[0]?.kind === 'sql' && <p>Run:</p>}
      {parts.map((part) =>
        part.kind === 'words' ? (
          <p key={part.text}>{part.text}</p>
        ) : (
          <CodeBlock key={part.text} code={part.text} label={labelOf(statements.indexOf(part), statements.length)} />
        ),
      )}
    </>
  );
}

function labelOf(index: number, count: number): string {
  return count === 1 ? 'The SQL that fixes it' : `SQL ${index + 1} of ${count}`;
}
