import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Report, rowsOf } from './rows.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PAGE = fileURLToPath(new URL('../../../docs/reliability.md', import.meta.url));
const BEGIN = '<!-- chaos: begin -->';
const END = '<!-- chaos: end -->';

/** Puts a run in the place of the last one that `docs/reliability.md` shows. */
export async function record(report: Report, args: readonly string[]): Promise<void> {
  const { stdout: commit } = await promisify(execFile)('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT });
  const command = ['npm run chaos --', ...args.filter((arg) => arg !== '--record')].join(' ');
  const text = await readFile(PAGE, 'utf8');
  const [before, rest] = text.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined) throw new Error(`${PAGE} has no ${BEGIN} and ${END}`);
  const rows = rowsOf(report).map(([name, value]) => `| ${name} | ${value} |`);
  const section = [`\`${command}\` on commit \`${commit.trim()}\`:`, '', '| what | how many |', '|---|---|', ...rows];
  await writeFile(PAGE, `${before}${BEGIN}\n${section.join('\n')}\n${END}${after}`);
}
