/** Everything in which a semicolon does not end a statement; comments are matched so that they can be left out. */
const TOKEN =
  /(?<comment>--[^\n]*|\/\*[\s\S]*?\*\/)|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<tag>\$(?:[A-Za-z_]\w*)?\$)[\s\S]*?\k<tag>|(?<end>;)|[^;]/g;

/** Splits SQL into its statements, without comments and closing semicolons. */
export function splitStatements(sql: string): string[] {
  const statements = [''];
  for (const { 0: token, groups } of sql.matchAll(TOKEN)) {
    if (groups?.end !== undefined) statements.push('');
    else if (groups?.comment === undefined) statements[statements.length - 1] += token;
  }
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '');
}

/** The index that a statement creates, as written (quoted or not). */
export function createdIndex(statement: string): string | undefined {
  const pattern =
    /^CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?("(?:[^"]|"")+"|\w+)\s+ON\b/i;
  return pattern.exec(statement)?.[1];
}
