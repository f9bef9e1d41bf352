/** A statement that PostgreSQL refused. */
export type RefusedStatement = { sqlState: string; message: string; statement: string };

const ENTRY = /^(?<state>[0-9A-Z]{5}) (?<kind>[A-Z]+): {2}(?<text>.*)$/;

/** Every ERROR of a log whose lines begin with their SQLSTATE (`log_line_prefix = '%e '`), with its statement. */
export function readRefusedStatements(log: string): RefusedStatement[] {
  const refused: RefusedStatement[] = [];
  let open: RefusedStatement | undefined;
  let inStatement = false;
  for (const line of log.split('\n')) {
    const { state, kind, text } = ENTRY.exec(line)?.groups ?? {};
    if (kind === 'ERROR') {
      open = { sqlState: state ?? '', message: text ?? '', statement: '' };
      refused.push(open);
    } else if (kind === 'STATEMENT' && open !== undefined) open.statement = text ?? '';
    else if (kind === undefined && inStatement && open !== undefined) open.statement += ` ${line.trim()}`;
    inStatement = kind === 'STATEMENT' || (kind === undefined && inStatement);
  }
  return refused;
}

/**
 * The statement that is to blame. Tests also provoke errors on purpose, so one whose error a failing test tells of is
 * preferred, and one that is refused in the control run too does not count.
 */
export function firstNewRefusal(
  log: string,
  control: string,
  failures: readonly string[],
): RefusedStatement | undefined {
  const usual = new Set(readRefusedStatements(control).map(keyOf));
  const fresh = readRefusedStatements(log).filter((refusal) => refusal.statement !== '' && !usual.has(keyOf(refusal)));
  const told = fresh.find(({ message }) => failures.some((failure) => failure.includes(withoutPlace(message))));
  return told ?? fresh[0];
}

/** Whether a failure quotes a statement's refusal by its tables: names, types, NOT NULL and other constraints. */
export function tellsOfSchema(failure: string, log: string): boolean {
  const refusals = readRefusedStatements(log).filter(({ sqlState }) => /^(22|23|42)/.test(sqlState));
  return refusals.some(({ message }) => failure.includes(withoutPlace(message)));
}

/** The log says where in the statement it is; drivers say so elsewhere. */
function withoutPlace(message: string): string {
  return message.replace(/ at character \d+$/, '');
}

/** Names of test databases and generated ids differ from run to run. */
function keyOf({ sqlState, message }: RefusedStatement): string {
  return `${sqlState} ${message.replace(/[0-9a-f-]{8,}|\d+/g, '#')}`;
}
