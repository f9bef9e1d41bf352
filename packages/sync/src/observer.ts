import type { ClaimedRequest } from './outgoing-requests/request.ts';

/**
 * What sequencer and poller tell of their work, for metrics and traces; what engine and deliveries do is seen by wrapping
 * `Connect`, `Deliver` and `Engine`. Called where changes are hurried along: be quick, and never throw.
 */
export type PipelineObserver = {
  /** After every pass of a sequencer, those included that found nothing. */
  onPass?(pass: ObservedPass): void;
  /** After every time that a poller has looked for requests. */
  onPoll?(): void;
  /** A message, or a part of this process, has ended a sleep. */
  onWake?(part: 'sequencer' | 'poller'): void;
  /** A delivery takes longer than half of its claim. */
  onLeaseExtended?(request: ClaimedRequest): void;
};

export type ObservedPass = {
  readonly numbered: bigint;
  /** By `performance.now()`. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Of the changes that were numbered; empty unless origins are followed. */
  readonly origins: readonly NumberedOrigin[];
};

/** Where a numbered change came from: what its writer has noted with it. */
export type NumberedOrigin = { readonly tenancyId: string; readonly traceparent: string };
