import {
  type Deliver,
  deliverByKind,
  type Engine,
  type HttpCaller,
  httpDelivery,
  inProcessDelivery,
  qstashDelivery,
  signedHttpDelivery,
} from '@hexclave/sync';
import type { SyncConfig } from './config.ts';

/** How outgoing requests leave this server: all through QStash, or syncs to an engine and the others by HTTP. */
export function deliveryOf(config: SyncConfig, engine: Engine, caller: HttpCaller): Deliver {
  if (config.qstash !== undefined) return qstashDelivery(config.qstash);
  const sync =
    config.syncEngineUrl === undefined
      ? inProcessDelivery(engine)
      : signedHttpDelivery({ url: config.syncEngineUrl, secret: config.signingSecret, caller: caller });
  return deliverByKind({ sync, http: httpDelivery(caller) });
}
