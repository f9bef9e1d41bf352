import { randomUUID } from 'node:crypto';
import { KnownError, schemaError, type UserUpdate } from '@hexclave/contract';
import type { Queryable } from '@hexclave/db';
import { sql } from 'kysely';
import { withMeanings } from './constraints.ts';
import { build, run } from './statements.ts';
import { given } from './values.ts';

export type EmailUpdate = Pick<UserUpdate, 'primary_email' | 'primary_email_verified' | 'primary_email_auth_enabled'>;

type Owner = { tenancyId: string; userId: string };

export function changesEmail(update: EmailUpdate): boolean {
  const { primary_email, primary_email_verified, primary_email_auth_enabled } = update;
  return [primary_email, primary_email_verified, primary_email_auth_enabled].some((field) => field !== undefined);
}

/** Applies the part of a user's update that is about its primary e-mail. The caller holds the lock of the user's row. */
export async function updatePrimaryEmail(tx: Queryable, owner: Owner, update: EmailUpdate): Promise<void> {
  if (typeof update.primary_email === 'string') {
    await demoteOthers(tx, owner, update.primary_email);
    await promote(tx, owner, update.primary_email, update);
  } else if (update.primary_email === null) {
    if (update.primary_email_verified || update.primary_email_auth_enabled) throw noEmail();
    await demoteOthers(tx, owner, null);
  } else {
    await changeFlags(tx, owner, update);
  }
}

/** No other channel than the one with `value` stays primary. */
export async function demoteOthers(tx: Queryable, owner: Owner, value: string | null): Promise<void> {
  const demotion = build
    .updateTable('ContactChannel')
    .set({ isPrimary: false, updatedAt: sql`now()` })
    .where('tenancyId', '=', owner.tenancyId)
    .where('projectUserId', '=', owner.userId)
    .where('type', '=', 'email')
    .where('isPrimary', '=', true);
  await run(tx, value === null ? demotion : demotion.where('value', '<>', value));
}

async function promote(tx: Queryable, owner: Owner, value: string, update: EmailUpdate): Promise<void> {
  const flags = given({ isVerified: update.primary_email_verified, usedForAuth: update.primary_email_auth_enabled });
  const statement = build
    .insertInto('ContactChannel')
    .values({
      tenancyId: owner.tenancyId,
      id: randomUUID(),
      projectUserId: owner.userId,
      type: 'email',
      value,
      isPrimary: true,
      isVerified: false,
      usedForAuth: false,
      ...flags,
    })
    .onConflict((conflict) =>
      conflict
        .expression(sql`"tenancyId", "projectUserId", "type", md5("value")`)
        .doUpdateSet({ isPrimary: true, updatedAt: sql`now()`, ...flags }),
    );
  await withEmailMeanings(run(tx, statement), value);
}

async function changeFlags(tx: Queryable, owner: Owner, update: EmailUpdate): Promise<void> {
  const flags = given({ isVerified: update.primary_email_verified, usedForAuth: update.primary_email_auth_enabled });
  const statement = build
    .updateTable('ContactChannel')
    .set({ ...flags, updatedAt: sql`now()` })
    .where('tenancyId', '=', owner.tenancyId)
    .where('projectUserId', '=', owner.userId)
    .where('type', '=', 'email')
    .where('isPrimary', '=', true)
    .returning('value');
  const changed = await withEmailMeanings(run(tx, statement), 'the primary e-mail');
  if (changed.length === 0 && (update.primary_email_verified || update.primary_email_auth_enabled)) throw noEmail();
}

function noEmail(): KnownError {
  return schemaError('body.primary_email', 'is needed, because the user has no primary e-mail');
}

/** Names the conflict of two users who sign in with one address. */
export function withEmailMeanings<T>(work: Promise<T>, email: string): Promise<T> {
  return withMeanings(work, {
    ContactChannel_usedForAuth_key: () =>
      new KnownError('USER_EMAIL_ALREADY_EXISTS', { email, would_work_if_email_was_verified: false }),
  });
}
