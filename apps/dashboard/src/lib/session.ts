import type { DashboardSession } from '@hexclave/contract';
import { ApiError } from '@hexclave/sdk';
import { queryOptions } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { endsSession } from './errors.ts';

const LOOK_AGAIN_MS = 60_000;

/** Who is signed in; null: nobody. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async ({ signal }): Promise<DashboardSession | null> =>
    ((await send('GET', '/session', undefined, signal)) as { session: DashboardSession | null }).session,
  staleTime: Number.POSITIVE_INFINITY,
  // It can end without this page's doing anything.
  refetchInterval: LOOK_AGAIN_MS,
  // A server that restarts is back soon.
  retry: 3,
});

const endListeners = new Set<() => void>();

/** For as long as the page is open. */
export function onSessionEnd(listener: () => void): void {
  endListeners.add(listener);
}

/** Whatever asked the server, by a request or over a stream, tells here why it was refused. */
export function noteRefusal(error: unknown): void {
  if (endsSession(error)) for (const listener of endListeners) listener();
}

export type Credentials = { project_id: string; super_secret_admin_key: string } | { token: string };

export async function signIn(credentials: Credentials): Promise<DashboardSession> {
  const path = 'token' in credentials ? '/session/link' : '/session';
  return (await send('POST', path, credentials)) as DashboardSession;
}

export async function signOut(): Promise<void> {
  await send('DELETE', '/session');
}

/** The server lets a session go on for which this is said. */
export async function keepSession(): Promise<void> {
  await send('POST', '/session/use');
}

/** To the sign-in by way of a new page: nothing of what was seen stays in its memory. */
export function leave(): void {
  window.location.assign('/sign-in');
}

/**
 * Whoever is signed in, for all that is inside the shell. From there and not from what was fetched: between the end of the
 * session and the shell's noticing, pages that are drawn anew for another reason would find nobody.
 */
export const SignedIn = createContext<DashboardSession | null>(null);

/** The session, below a route that asks for one. */
export function useSession(): DashboardSession {
  const session = useContext(SignedIn);
  if (session === null) throw new TypeError('This page is only shown to those who are signed in');
  return session;
}

/** These paths are the dashboard's own server's, not the API's, so the client of the API does not know them. */
async function send(method: string, path: string, body?: object, signal?: AbortSignal): Promise<unknown> {
  const response = await fetch(path, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    ...(signal && { signal }),
  }).catch(() => {
    throw new ApiError({ ...NO_ANSWER, code: 'API_UNREACHABLE', message: 'The server cannot be reached.', status: 0 });
  });
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (response.ok) return answer;
  throw new ApiError({
    ...NO_ANSWER,
    code: String(answer.code ?? 'UNKNOWN'),
    message: String(answer.error ?? `The server answered with status ${response.status}.`),
    status: response.status,
    requestId: response.headers.get('x-hexclave-request-id') ?? undefined,
  });
}

const NO_ANSWER = { details: {}, requestId: undefined, retryAfterMs: undefined };
