import type { AuditAction } from '@hexclave/contract';
import type { ColumnType } from 'kysely';
import type { KeptActor } from './actor.ts';

/** Times are read as `Date`, or as ±Infinity; they are written by the database's clock. */
type Time = ColumnType<Date | number, Date | undefined, Date>;
/** Written through `jsonb()`, which keeps arrays and strings from being taken for something else. */
type Json = ColumnType<unknown, unknown, unknown>;
type Optional<T> = ColumnType<T, T | undefined, T>;

type ProjectTable = {
  id: string;
  displayName: string;
  description: Optional<string>;
  logoUrl: string | null;
  ownerTeamId: Optional<string | null>;
  createdAt: Time;
  updatedAt: Time;
};

type TenancyTable = { id: string; projectId: string; branchId: string; createdAt: Time };

type ApiKeySetTable = {
  projectId: string;
  id: string;
  description: string;
  publishableClientKeyHash: Buffer | null;
  publishableClientKeyHint: string | null;
  secretServerKeyHash: Buffer | null;
  secretServerKeyHint: string | null;
  superSecretAdminKeyHash: Buffer | null;
  superSecretAdminKeyHint: string | null;
  createdAt: Time;
  expiresAt: ColumnType<Date | number, Date, Date>;
  manuallyRevokedAt: ColumnType<Date | number | null, Date | null | undefined, Date | null>;
};

type DashboardSessionTable = {
  tokenHash: Buffer;
  projectId: string;
  keySetId: string;
  keyHash: Buffer;
  createdAt: Time;
  lastUsedAt: Time;
  expiresAt: Time;
};

type EnvironmentConfigOverrideTable = { projectId: string; branchId: string; config: Json; updatedAt: Time };

export type ProjectUserTable = {
  tenancyId: string;
  projectUserId: string;
  displayName: string | null;
  profileImageUrl: string | null;
  clientMetadata: Json;
  clientReadOnlyMetadata: Json;
  serverMetadata: Json;
  isAnonymous: Optional<boolean>;
  selectedTeamId: Optional<string | null>;
  passwordHash: Optional<string | null>;
  signedUpAt: Time;
  lastActiveAt: Time;
  updatedAt: Time;
};

export type ContactChannelTable = {
  tenancyId: string;
  id: string;
  projectUserId: string;
  type: 'email';
  value: string;
  isPrimary: boolean;
  isVerified: boolean;
  usedForAuth: boolean;
  createdAt: Time;
  updatedAt: Time;
};

export type TeamTable = {
  tenancyId: string;
  teamId: string;
  displayName: string;
  profileImageUrl: string | null;
  clientMetadata: Json;
  clientReadOnlyMetadata: Json;
  serverMetadata: Json;
  createdAt: Time;
  updatedAt: Time;
};

type TeamMemberTable = {
  tenancyId: string;
  teamId: string;
  projectUserId: string;
  displayName: Optional<string | null>;
  profileImageUrl: Optional<string | null>;
  createdAt: Time;
  updatedAt: Time;
};

/** Read here; written by `recordAudit`. */
type AuditEventTable = {
  id: string;
  at: Time;
  action: AuditAction;
  projectId: string | null;
  externalDatabaseId: string | null;
  mapping: string | null;
  actor: KeptActor;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  reason: string | null;
  result: 'done' | 'queued' | 'failed';
  requestId: string | null;
};

/** The tables of the internal database that the API reads and writes. */
export type InternalTables = {
  Project: ProjectTable;
  Tenancy: TenancyTable;
  ApiKeySet: ApiKeySetTable;
  AuditEvent: AuditEventTable;
  DashboardSession: DashboardSessionTable;
  EnvironmentConfigOverride: EnvironmentConfigOverrideTable;
  ProjectUser: ProjectUserTable;
  ContactChannel: ContactChannelTable;
  Team: TeamTable;
  TeamMember: TeamMemberTable;
};
