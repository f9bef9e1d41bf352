import type { Changes } from './mirror.ts';

/** The changes as commands for a shell to `eval`, exact for every value that an environment can hold. */
export function shellCommands(changes: Changes): string {
  return [...changes]
    .map(([name, value]) => (value === undefined ? `unset ${name}` : `export ${name}=${quote(value)}`))
    .join('\n');
}

/** Nothing is special between single quotes but the quote itself. */
function quote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
