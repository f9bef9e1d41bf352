/**
 * Aborts with the request, or when it is told to. The reason that the HTTP server gives is a text, which whoever handles
 * errors would not know.
 */
export function followHangUp(request: AbortSignal): AbortController {
  const gone = new AbortController();
  if (request.aborted) gone.abort();
  else request.addEventListener('abort', () => gone.abort(), { once: true });
  return gone;
}

export function hangUpOf(request: Request): AbortSignal {
  return followHangUp(request.signal).signal;
}
