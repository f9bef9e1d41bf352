/** Aborts with the request. The reason that the HTTP server gives is a text, which whoever handles errors would not know. */
export function hangUpOf(request: Request): AbortSignal {
  const gone = new AbortController();
  if (request.signal.aborted) gone.abort();
  else request.signal.addEventListener('abort', () => gone.abort(), { once: true });
  return gone.signal;
}
