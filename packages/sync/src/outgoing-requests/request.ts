/** A request that this process has claimed and must now deliver. */
export type ClaimedRequest = {
  readonly id: string;
  readonly kind: 'http' | 'sync';
  readonly tenancyId: string | null;
  readonly externalDatabaseId: string | null;
  readonly method: string;
  readonly url: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly deduplicationKey: string | null;
  readonly flowControlKey: string | null;
  readonly flowControlParallelism: number | null;
  /** Attempts that failed before this one. */
  readonly attempts: number;
  readonly maxAttempts: number | null;
  /** How long the claim is valid from when it was made, in ms. */
  readonly leaseMs: number;
  /** Proves, when the request is finished, that the claim was not taken over meanwhile. */
  readonly claimToken: string;
};

/** What names one claim of one request. */
export type Claim = Pick<ClaimedRequest, 'id' | 'claimToken'>;

/** A request to be queued. */
export type NewRequest = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A waiting request of the same key makes this one unnecessary: the waiting one is kept. */
  readonly deduplicationKey?: string;
  /** At most `parallelism` requests of one key are under way at a time. */
  readonly flowControl?: { readonly key: string; readonly parallelism: number };
  readonly notBefore?: Date;
  /** After so many failures the request is given up, and kept for the operator. Default 10. */
  readonly maxAttempts?: number;
};

/** What became of one delivery. */
export type DeliveryResult =
  | { readonly kind: 'delivered' }
  /** Not all is done, or it cannot be done now: taken up again after `delayMs`, by default at once. No failure. */
  | { readonly kind: 'again'; readonly delayMs?: number }
  /** A queue service delivers it and its receiver settles the claim. If that takes longer than `leaseMs`, we begin anew. */
  | { readonly kind: 'handed-over'; readonly leaseMs: number }
  | DeliveryFailure;

/** `code` and `message` are kept and shown: no secrets, no bodies. */
export type DeliveryFailure = {
  readonly kind: 'failed';
  readonly code: string;
  readonly message: string;
  /** The receiver asked not to be called again for so long. */
  readonly retryAfterMs?: number;
  /** No later attempt can do better: the request is given up at once. */
  readonly permanent?: boolean;
};

/** Delivers requests of both kinds in one way: in-process, by signed HTTP, or through a queue service. */
export type Deliver = (request: ClaimedRequest, signal: AbortSignal) => Promise<DeliveryResult>;
