/** The same database, reached through a proxy on this machine. */
export function through(proxy: { readonly port: number }, connectionString: string): string {
  const url = new URL(connectionString);
  url.port = String(proxy.port);
  return url.href;
}
