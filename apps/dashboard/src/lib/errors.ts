import { ApiError } from '@hexclave/sdk';

/** The codes and texts of errors, whichever of our libraries they come from. */
type Told = Error & { code?: unknown; remedy?: unknown };

export function codeOf(error: Error): string {
  const { code } = error as Told;
  return typeof code === 'string' ? code : error.name;
}

export function remedyOf(error: Error): string | undefined {
  const { remedy } = error as Told;
  return typeof remedy === 'string' ? remedy : undefined;
}

/** By which the server's log has more. */
export function requestIdOf(error: Error): string | undefined {
  return error instanceof ApiError ? error.requestId : undefined;
}

export function endsSession(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'DASHBOARD_SESSION_REQUIRED';
}

/** The server's own words about the fields of a form: dotted path below the body → what is wrong with it. */
export function fieldIssues(error: unknown): Record<string, string> {
  if (!(error instanceof ApiError) || !Array.isArray(error.details.issues)) return {};
  const issues = error.details.issues as { path: string; message: string }[];
  return Object.fromEntries(issues.map(({ path, message }) => [path.replace(/^body\./, ''), message]));
}
