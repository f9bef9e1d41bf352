import { createHash, createHmac, randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/**
 * A stand-in for Upstash QStash, which cannot be reached where the tests run. It is not QStash: it speaks as much of its
 * published protocol as our client and our receiver use (publishing with bearer token, forwarded headers, deduplication,
 * flow control by parallelism, retries, dead letters, and signed deliveries), and can be told to misbehave.
 */
export type QstashStandIn = {
  readonly url: string;
  readonly token: string;
  readonly currentSigningKey: string;
  readonly nextSigningKey: string;
  /** Publications that were accepted, duplicates not counted. */
  readonly accepted: readonly Publication[];
  readonly refused: readonly number[];
  readonly deadLetters: readonly Publication[];
  /** The most deliveries that were under way at once. */
  readonly mostAtOnce: () => number;
  /** What to do wrong from now on. */
  misbehave(how: Misbehaviour): void;
  /** Delivers once more, signed anew, as QStash may. */
  deliverAgain(publication: Publication): Promise<number>;
  signed(publication: Publication): Record<string, string>;
  close(): Promise<void>;
};

export type Misbehaviour = {
  /** Answers the next publications with this status. */
  refuseWith?: number;
  refusals?: number;
  /** Accepts the next publications but cuts the connection instead of answering. */
  lostReplies?: number;
  /** Accepts the next publications and never delivers them. */
  lostMessages?: number;
  /** Signs as after a rotation. */
  rotated?: boolean;
};

export type Publication = {
  readonly messageId: string;
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly deduplicationId: string | undefined;
  readonly retries: number;
  readonly flowControl: { key: string; parallelism: number } | undefined;
};

const SIGNATURE_SECONDS = 300;

export async function startQstashStandIn(): Promise<QstashStandIn> {
  const token = randomUUID();
  const keys = { current: `sig_${randomUUID()}`, next: `sig_${randomUUID()}` };
  const accepted: Publication[] = [];
  const refused: number[] = [];
  const deadLetters: Publication[] = [];
  const flows = flowControl();
  let wrong: Misbehaviour = {};
  let closed = false;

  const signed = (publication: Publication) => ({
    ...publication.headers,
    'upstash-message-id': publication.messageId,
    'upstash-signature': signatureOf(publication, wrong.rotated === true ? keys.next : keys.current),
  });
  const deliverAgain = async (publication: Publication): Promise<number> => {
    const { url, method, body } = publication;
    const response = await fetch(url, { method, headers: signed(publication), ...(method !== 'GET' && { body }) });
    await response.arrayBuffer();
    return response.status;
  };
  const deliver = async (publication: Publication): Promise<void> => {
    for (let attempt = 0; attempt <= publication.retries && !closed; attempt++) {
      const status = await flows.run(publication, () => deliverAgain(publication)).catch(() => 0);
      if (status >= 200 && status < 300) return;
    }
    deadLetters.push(publication);
  };
  const publish = async (request: IncomingMessage, response: ServerResponse) => {
    const refusal = refusalOf(request, token, wrong);
    const publication = publicationOf(request, await text(request));
    if (refusal !== undefined) {
      refused.push(refusal);
      response.writeHead(refusal).end(JSON.stringify({ error: `refused ${publication.body}` }));
      return;
    }
    const { deduplicationId } = publication;
    const known = accepted.find((other) => deduplicationId !== undefined && other.deduplicationId === deduplicationId);
    if (known === undefined) accepted.push(publication);
    const isLost = known === undefined && takeOne(wrong, 'lostMessages');
    if (takeOne(wrong, 'lostReplies')) request.socket.destroy();
    else
      response
        .writeHead(201)
        .end(JSON.stringify({ messageId: publication.messageId, deduplicated: known !== undefined }));
    if (known === undefined && !isLost) await deliver(publication);
  };

  const server = createServer((request, response) => void publish(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    currentSigningKey: keys.current,
    nextSigningKey: keys.next,
    accepted,
    refused,
    deadLetters,
    mostAtOnce: () => flows.most(),
    misbehave: (how) => {
      wrong = { ...how };
    },
    deliverAgain,
    signed,
    close: () =>
      new Promise<void>((resolve) => {
        closed = true;
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refusalOf(request: IncomingMessage, token: string, wrong: Misbehaviour): number | undefined {
  if (request.method !== 'POST' || !request.url?.startsWith('/v2/publish/')) return 404;
  if (request.headers.authorization !== `Bearer ${token}`) return 401;
  return takeOne(wrong, 'refusals') ? (wrong.refuseWith ?? 500) : undefined;
}

function takeOne(wrong: Misbehaviour, what: 'refusals' | 'lostReplies' | 'lostMessages'): boolean {
  const left = wrong[what] ?? 0;
  if (left > 0) wrong[what] = left - 1;
  return left > 0;
}

function publicationOf(request: IncomingMessage, body: string): Publication {
  const { headers, url = '' } = request;
  const [, parallelism] = /parallelism=(\d+)/.exec(one(headers, 'upstash-flow-control-value') ?? '') ?? [];
  const key = one(headers, 'upstash-flow-control-key');
  return {
    messageId: `msg_${randomUUID()}`,
    url: url.slice('/v2/publish/'.length),
    method: one(headers, 'upstash-method') ?? 'POST',
    headers: forwarded(headers),
    body,
    deduplicationId: one(headers, 'upstash-deduplication-id'),
    retries: Number(one(headers, 'upstash-retries') ?? 3),
    flowControl: key === undefined ? undefined : { key, parallelism: Number(parallelism ?? 1) },
  };
}

function forwarded(headers: IncomingHttpHeaders): Record<string, string> {
  const prefix = 'upstash-forward-';
  const names = Object.keys(headers).filter((name) => name.startsWith(prefix));
  const contentType = one(headers, 'content-type');
  return {
    ...(contentType !== undefined && { 'content-type': contentType }),
    ...Object.fromEntries(names.map((name) => [name.slice(prefix.length), one(headers, name) ?? ''])),
  };
}

function one(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A JWT as QStash signs it: HS256, the destination as subject, the digest of the body among the claims. */
function signatureOf({ url, body, messageId }: Publication, key: string): string {
  const now = Math.floor(Date.now() / 1_000);
  const digest = createHash('sha256').update(body).digest('base64url');
  const claims = {
    iss: 'Upstash',
    sub: url,
    exp: now + SIGNATURE_SECONDS,
    nbf: now,
    iat: now,
    jti: messageId,
    body: digest,
  };
  const encoded = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const signature = createHmac('sha256', key).update(encoded.join('.')).digest('base64url');
  return [...encoded, signature].join('.');
}

/** Lets as many deliveries of one key run at once as its publications allow. */
function flowControl() {
  const running = new Map<string, number>();
  const waiting: (() => void)[] = [];
  let most = 0;
  return {
    most: () => most,
    run: async <T>({ flowControl: flow }: Publication, work: () => Promise<T>): Promise<T> => {
      if (flow === undefined) return work();
      const count = () => running.get(flow.key) ?? 0;
      while (count() >= flow.parallelism) await new Promise<void>((resolve) => waiting.push(resolve));
      running.set(flow.key, count() + 1);
      most = Math.max(most, count());
      try {
        return await work();
      } finally {
        running.set(flow.key, count() - 1);
        for (const wake of waiting.splice(0)) wake();
      }
    },
  };
}
