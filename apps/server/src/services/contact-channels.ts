import { randomUUID } from 'node:crypto';
import {
  type ContactChannel,
  type ContactChannelCreate,
  type ContactChannelUpdate,
  KnownError,
} from '@hexclave/contract';
import type { Database, Queryable } from '@hexclave/db';
import { type Selectable, sql } from 'kysely';
import { withMeanings } from './constraints.ts';
import { assertUser, lockUser } from './existence.ts';
import { demoteOthers } from './primary-email.ts';
import type { ContactChannelTable } from './schema.ts';
import { build, read, run, write } from './statements.ts';
import { given } from './values.ts';

type Row = Selectable<ContactChannelTable>;
type ChannelId = { tenancyId: string; userId: string; channelId: string };

export async function createContactChannel(
  database: Database,
  tenancyId: string,
  input: ContactChannelCreate,
): Promise<ContactChannel> {
  const userId = input.user_id;
  const statement = build
    .insertInto('ContactChannel')
    .values({
      tenancyId,
      id: randomUUID(),
      projectUserId: userId,
      type: input.type,
      value: input.value,
      isPrimary: input.is_primary,
      isVerified: input.is_verified,
      usedForAuth: input.used_for_auth,
    })
    .returningAll();
  const inserted = input.is_primary
    ? database.transaction(async (tx) => {
        if ((await lockUser(tx, tenancyId, userId)) === undefined) throw new KnownError('USER_NOT_FOUND', {});
        await demoteOthers(tx, { tenancyId, userId }, null);
        return await run(tx, statement);
      })
    : write(database, statement);
  const [row] = await withChannelMeanings(inserted, input.value);
  return toContactChannel(row as Row);
}

export async function listContactChannels(
  database: Database,
  tenancyId: string,
  userId: string,
): Promise<{ is_paginated: false; items: ContactChannel[] }> {
  const statement = build
    .selectFrom('ContactChannel')
    .selectAll()
    .where('tenancyId', '=', tenancyId)
    .where('projectUserId', '=', userId)
    .orderBy('isPrimary', 'desc')
    .orderBy('createdAt')
    .orderBy('id');
  const rows = await read(database, statement);
  if (rows.length === 0) await assertUser(database, tenancyId, userId);
  return { is_paginated: false, items: rows.map(toContactChannel) };
}

export async function getContactChannel(database: Database, id: ChannelId): Promise<ContactChannel> {
  const statement = build
    .selectFrom('ContactChannel')
    .selectAll()
    .where('tenancyId', '=', id.tenancyId)
    .where('projectUserId', '=', id.userId)
    .where('id', '=', id.channelId);
  const [row] = await read(database, statement);
  return toContactChannelOrThrow(row, id);
}

export async function updateContactChannel(
  database: Database,
  id: ChannelId,
  update: ContactChannelUpdate,
): Promise<ContactChannel> {
  const statement = build
    .updateTable('ContactChannel')
    .set({
      ...given({ value: update.value, isPrimary: update.is_primary, usedForAuth: update.used_for_auth }),
      ...(update.value !== undefined && { isVerified: verifiedOnlyIfUnchanged(update.value) }),
      ...given({ isVerified: update.is_verified }),
      updatedAt: sql`now()`,
    })
    .where('tenancyId', '=', id.tenancyId)
    .where('projectUserId', '=', id.userId)
    .where('id', '=', id.channelId)
    .returningAll();
  const updated = update.is_primary
    ? database.transaction(async (tx) => {
        if ((await lockUser(tx, id.tenancyId, id.userId)) === undefined) throw channelNotFound(id);
        await demoteOtherThan(tx, id);
        const rows = await run(tx, statement);
        if (rows.length === 0) throw channelNotFound(id); // so that the demotion is undone
        return rows;
      })
    : write(database, statement);
  const [row] = await withChannelMeanings(updated, update.value ?? null);
  return toContactChannelOrThrow(row, id);
}

export async function deleteContactChannel(database: Database, id: ChannelId): Promise<void> {
  const statement = build
    .deleteFrom('ContactChannel')
    .where('tenancyId', '=', id.tenancyId)
    .where('projectUserId', '=', id.userId)
    .where('id', '=', id.channelId)
    .returning('id');
  if ((await write(database, statement)).length === 0) throw channelNotFound(id);
}

async function demoteOtherThan(tx: Queryable, id: ChannelId): Promise<void> {
  const demotion = build
    .updateTable('ContactChannel')
    .set({ isPrimary: false, updatedAt: sql`now()` })
    .where('tenancyId', '=', id.tenancyId)
    .where('projectUserId', '=', id.userId)
    .where('isPrimary', '=', true)
    .where('id', '<>', id.channelId);
  await run(tx, demotion);
}

/** Nobody has proved to own a new address. */
function verifiedOnlyIfUnchanged(value: string) {
  return sql<boolean>`"isVerified" AND "value" = ${value}`;
}

function withChannelMeanings<T>(work: Promise<T>, value: string | null): Promise<T> {
  return withMeanings(work, {
    ContactChannel_usedForAuth_key: () =>
      new KnownError('CONTACT_CHANNEL_ALREADY_USED_FOR_AUTH_BY_SOMEONE_ELSE', {
        type: 'email',
        contact_channel_value: value,
        would_work_if_email_was_verified: false,
      }),
    ContactChannel_user_type_value_key: () => new KnownError('CONTACT_CHANNEL_ALREADY_EXISTS', { type: 'email' }),
    ContactChannel_tenancyId_projectUserId_fkey: () => new KnownError('USER_NOT_FOUND', {}),
  });
}

function toContactChannelOrThrow(row: Row | undefined, id: ChannelId): ContactChannel {
  if (row === undefined) throw channelNotFound(id);
  return toContactChannel(row);
}

function channelNotFound(id: ChannelId): KnownError {
  return new KnownError('CONTACT_CHANNEL_NOT_FOUND', { contact_channel_id: id.channelId });
}

function toContactChannel(row: Row): ContactChannel {
  return {
    id: row.id,
    user_id: row.projectUserId,
    type: row.type,
    value: row.value,
    is_primary: row.isPrimary,
    is_verified: row.isVerified,
    used_for_auth: row.usedForAuth,
  };
}
