/** What to do, in words and as SQL to be run as it is. */
export type Remedy = { text: string; sql: string | undefined };

const STATEMENT = /^(ALTER|CREATE|DELETE|DROP|GRANT|INSERT|REVOKE|SELECT|UPDATE|VACUUM)\b[^…]*;$/;
const AFTER_WORDS = /^Run: (?<sql>.*;)$/s;

/** Parts the SQL of a remedy from its words. SQL with a gap to be filled in is no SQL yet. */
export function splitRemedy(remedy: string): Remedy {
  const told = AFTER_WORDS.exec(remedy)?.groups?.sql;
  if (told !== undefined) return { text: 'Run this in your database, as the owner of the table:', sql: told };
  if (remedy.split('\n').every((line) => STATEMENT.test(line)))
    return { text: 'Run this in your database:', sql: remedy };
  return { text: remedy, sql: undefined };
}
