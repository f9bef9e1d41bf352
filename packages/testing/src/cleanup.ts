/** What the current test file has to put away at its end, newest first. */
const pending: (() => Promise<void>)[] = [];

export function atEndOfFile(cleanup: () => Promise<void>): void {
  pending.push(cleanup);
}

/** Does everything even if some of it fails, then fails with all that did. */
export async function cleanUpFile(): Promise<void> {
  const errors: unknown[] = [];
  for (let cleanup = pending.pop(); cleanup !== undefined; cleanup = pending.pop()) {
    await cleanup().catch((error: unknown) => errors.push(error));
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, errors.map(String).join('\n'));
}
