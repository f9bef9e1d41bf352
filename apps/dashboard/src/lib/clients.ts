import { type Client, createClient } from '@hexclave/sdk';

const clients = new Map<string, Client>();

/**
 * The client for one project. There are no keys: the browser sends the session's cookie, and the server puts in what it
 * stands for. An operator may name any project; everybody else's own is the only one that there is for them.
 */
export function clientFor(projectId: string): Client {
  const existing = clients.get(projectId);
  if (existing !== undefined) return existing;
  const client = createClient({ baseUrl: window.location.origin, projectId, origin: 'dashboard' });
  clients.set(projectId, client);
  return client;
}
