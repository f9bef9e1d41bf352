import type { Actor } from '@hexclave/contract';

/** By whom something is done, as it is written down beside it. Stored as JSON. */
export type KeptActor = {
  readonly kind: Actor['kind'];
  readonly keySetId: string | null;
  readonly keyHint: string | null;
  readonly origin: Actor['origin'];
};

/** The server itself, without anybody's asking. */
export const SERVER_ACTOR: KeptActor = { kind: 'server', keySetId: null, keyHint: null, origin: 'server' };

/** As it is shown. Owners learn that it was the operator, but not which of their keys it was. */
export function toActor(actor: KeptActor, isForOperator: boolean): Actor {
  const isHidden = actor.kind === 'operator' && !isForOperator;
  return {
    kind: actor.kind,
    key_set_id: isHidden ? null : actor.keySetId,
    key_hint: isHidden ? null : actor.keyHint,
    origin: actor.origin,
  };
}
