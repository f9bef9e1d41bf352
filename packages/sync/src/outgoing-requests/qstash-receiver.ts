import { Receiver } from '@upstash/qstash';

export type QstashReceiverOptions = {
  readonly currentSigningKey: string;
  /** The key that QStash changes to at the next rotation. */
  readonly nextSigningKey: string;
  /** The address that requests were published for; a request signed for another one is refused. */
  readonly url: string;
};

/** Between QStash's clock and ours. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** Tells whether QStash signed a request for us, with exactly this body, by its header `Upstash-Signature`. */
export function qstashVerifier(options: QstashReceiverOptions): (signature: string, body: string) => Promise<boolean> {
  const { currentSigningKey, nextSigningKey, url } = options;
  const receiver = new Receiver({ currentSigningKey, nextSigningKey, devMode: false });
  return (signature, body) =>
    receiver.verify({ signature, body, url, clockTolerance: CLOCK_TOLERANCE_SECONDS }).catch(() => false);
}
