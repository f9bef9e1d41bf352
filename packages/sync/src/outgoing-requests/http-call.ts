import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { isIP } from 'node:net';
import { errorCode } from '@hexclave/db';
import { Agent, request as send } from 'undici';
import { boundedSignal } from '../bounded-signal.ts';
import type { DeliveryFailure } from './request.ts';

export type HttpCallerOptions = {
  /** Whether an address may be connected to. Asked for every address of a host's name. Default: all may. */
  readonly isAllowedAddress?: (address: string) => boolean;
  /** From the first byte sent to the last one received. Default 30,000. */
  readonly timeoutMs?: number;
};

export type HttpCall = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
};

export type HttpAnswer = {
  readonly kind: 'answered';
  readonly status: number;
  /** One value of a header, by its lower-case name. */
  readonly header: (name: string) => string | undefined;
  /** The body's beginning, at most {@link MOST_ANSWER_BYTES}. */
  readonly body: string;
};

/** Makes HTTP calls whose time and size are bounded, and that follow no redirect. */
export type HttpCaller = {
  /** Rejects only when `signal` is aborted; other failures are results. */
  call(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer | DeliveryFailure>;
  close(): Promise<void>;
};

const DEFAULT_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 10_000;
const MOST_ANSWER_BYTES = 64 * 1024;
/** A call that is under way when the process is told to stop may still end by itself. */
const STOP_GRACE_MS = 5_000;
const ADDRESS_REFUSED = 'HEXCLAVE_ADDRESS_REFUSED';

export function createHttpCaller(options: HttpCallerOptions = {}): HttpCaller {
  const { isAllowedAddress = () => true, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const agent = new Agent({ connect: { timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookup(isAllowedAddress) } });
  return {
    call: async (call, signal) => {
      const host = new URL(call.url).hostname.replace(/^\[|\]$/g, '');
      // A literal address is connected to without a look-up.
      if (isIP(host) !== 0 && !isAllowedAddress(host)) return refused();
      const bounded = boundedSignal(signal, timeoutMs, STOP_GRACE_MS);
      try {
        return await answerOf(agent, call, bounded.signal);
      } catch (error) {
        if (!bounded.signal.aborted) return failureOf(error);
        if (signal.aborted) throw signal.reason;
        return timedOut();
      } finally {
        bounded.release();
      }
    },
    close: () => agent.destroy(),
  };
}

async function answerOf(agent: Agent, call: HttpCall, signal: AbortSignal): Promise<HttpAnswer> {
  const { statusCode, headers, body } = await send(call.url, {
    dispatcher: agent,
    method: call.method as 'POST',
    headers: call.headers,
    body: call.body,
    signal,
  });
  const header = (name: string) => {
    const value = headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  return { kind: 'answered', status: statusCode, header, body: await beginningOf(body) };
}

/** What comes after the limit is not waited for: the connection is closed. */
async function beginningOf(body: AsyncIterable<Buffer> & { destroy(): void }): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= MOST_ANSWER_BYTES) break;
  }
  body.destroy();
  return Buffer.concat(chunks).subarray(0, MOST_ANSWER_BYTES).toString('utf8');
}

type LookupCallback = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/** Checks the addresses that the connection is then made to, so that no second look-up can answer differently. */
function guardedLookup(isAllowed: (address: string) => boolean) {
  return (hostname: string, options: LookupOptions, callback: (...result: never[]) => void) => {
    const answer = callback as unknown as LookupCallback & ((error: null, address: string, family: number) => void);
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) return answer(error ?? new Error('no address'), []);
      if (!addresses.every(({ address }) => isAllowed(address))) {
        return answer(Object.assign(new Error('the address is not allowed'), { code: ADDRESS_REFUSED }), []);
      }
      return options.all === true ? answer(null, addresses) : answer(null, first.address, first.family);
    });
  };
}

/** The code alone: messages of the transport quote URLs. */
function failureOf(error: unknown): DeliveryFailure {
  const code = errorCode(error) ?? errorCode(error instanceof Error ? error.cause : undefined);
  if (code === ADDRESS_REFUSED) return refused();
  if (code?.endsWith('_TIMEOUT') === true || code === 'ETIMEDOUT') return timedOut();
  const detail = code === undefined ? '' : ` (${code})`;
  return { kind: 'failed', code: 'HTTP_UNREACHABLE', message: `The receiver could not be reached${detail}.` };
}

function timedOut(): DeliveryFailure {
  return { kind: 'failed', code: 'HTTP_TIMEOUT', message: 'The receiver did not answer in time.' };
}

function refused(): DeliveryFailure {
  const message = 'The host of the URL is not an address that this server may connect to.';
  return { kind: 'failed', code: 'HTTP_ADDRESS_REFUSED', message };
}
