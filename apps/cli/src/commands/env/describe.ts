import type { EnvCheck, Explanation, Finding, Migration } from '@hexclave/env';
import { printable } from '../../output/printable.ts';
import type { Styles } from '../../output/styles.ts';
import { table } from '../../output/table.ts';
import { counted } from '../../output/words.ts';

type Checked = { readonly mode: string; readonly files: readonly string[]; readonly check: EnvCheck };

export function describeCheck({ mode, files, check }: Checked, styles: Styles): string {
  const looked =
    files.length === 0
      ? 'There are no .env files here.'
      : `Read, what wins first: environment, ${files.map(printable).join(', ')}.`;
  const sections = [
    looked,
    ...(check.variables.length === 0
      ? []
      : [`${styles.bold(`What counts in ${mode}`)}\n${variables(check.variables, styles)}`]),
    ...['environment', ...files].flatMap((file) => fileSection(file, check.findings, styles)),
    summary(check.findings, styles),
  ];
  return sections.join('\n\n');
}

function variables(explained: readonly Explanation[], styles: Styles): string {
  const columns = ['variable', 'value', 'from', 'why'].map((name) => ({ name }));
  const rows = explained.map(({ name, value, isSecret, origin, setAs, why }) => [
    name,
    isSecret ? { text: '(secret)', style: styles.dim } : (value ?? ''),
    setAs === name ? origin : `${origin}, as ${setAs}`,
    { text: why, style: styles.dim },
  ]);
  return table(columns, rows, styles);
}

function fileSection(file: string, findings: readonly Finding[], styles: Styles): string[] {
  const own = findings.filter((finding) => finding.file === file).sort((a, b) => a.line - b.line);
  if (own.length === 0) return [];
  const paint = { error: styles.red, warning: styles.yellow, note: styles.dim };
  const lines = own.map(({ line, severity, message }) => {
    const place = line === 0 ? '' : `${line}`.padStart(4);
    return `${place}  ${paint[severity](severity.padEnd(7))}  ${printable(message)}`;
  });
  return [[styles.bold(printable(file)), ...lines].join('\n')];
}

function summary(findings: readonly Finding[], styles: Styles): string {
  if (findings.length === 0) return styles.green('✓ Nothing to say: present names, no contradictions.');
  const count = (severity: Finding['severity']) => findings.filter((finding) => finding.severity === severity).length;
  const counts = [
    counted(count('error'), 'error'),
    counted(count('warning'), 'warning'),
    counted(count('note'), 'note'),
  ];
  const remedy = findings.some(({ code }) => code === 'OLDER_NAME' || code === 'RENAMED')
    ? '\n→ hexclave env migrate <file> gives a file the present names.'
    : '';
  return `${counts.join(', ')}${remedy}`;
}

/** Each line that changes, as it was and as it would be. */
export function describeMigration(path: string, { changes, conflicts }: Migration, styles: Styles): string {
  if (conflicts.length > 0) {
    const lines = conflicts.map(
      ({ line, canonical, other }) =>
        `  ${line}  ${canonical} and ${other} are set to different values: keep the right one as ${canonical}, and remove ${other}.`,
    );
    return [styles.red(`${printable(path)} contradicts itself; nothing was changed.`), ...lines].join('\n');
  }
  if (changes.length === 0) return `${printable(path)} has the present names already.`;
  const lines = changes.flatMap(({ line, before, after }) => [
    `${`${line}`.padStart(4)} ${styles.red(`- ${printable(before)}`)}`,
    ...(after === undefined ? [] : [`     ${styles.green(`+ ${printable(after)}`)}`]),
  ]);
  return [styles.bold(printable(path)), ...lines].join('\n');
}
