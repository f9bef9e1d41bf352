-- Projects, tenancies, keys and the rows that people own.
-- compatibility: safe

CREATE TABLE "Project" (
  "id"          text PRIMARY KEY,
  "displayName" text NOT NULL,
  "description" text NOT NULL DEFAULT '',
  "logoUrl"     text,
  "ownerTeamId" uuid,
  "createdAt"   timestamptz NOT NULL DEFAULT now(),
  "updatedAt"   timestamptz NOT NULL DEFAULT now()
);

-- A tenancy is one (project, branch); every tracked row belongs to exactly one.
CREATE TABLE "Tenancy" (
  "id"        uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  "projectId" text NOT NULL REFERENCES "Project" ("id") ON DELETE CASCADE,
  "branchId"  text NOT NULL DEFAULT 'main',
  "createdAt" timestamptz NOT NULL DEFAULT now(),
  UNIQUE ("projectId", "branchId")
);

-- Keys are stored as SHA-256 digests: they are random and long, so a slow hash would buy nothing.
CREATE TABLE "ApiKeySet" (
  "projectId"                 text NOT NULL REFERENCES "Project" ("id") ON DELETE CASCADE,
  "id"                        uuid NOT NULL DEFAULT gen_random_uuid(),
  "description"               text NOT NULL,
  "publishableClientKeyHash"  bytea,
  "publishableClientKeyHint"  text,
  "secretServerKeyHash"       bytea,
  "secretServerKeyHint"       text,
  "superSecretAdminKeyHash"   bytea,
  "superSecretAdminKeyHint"   text,
  "createdAt"                 timestamptz NOT NULL DEFAULT now(),
  "expiresAt"                 timestamptz NOT NULL,
  "manuallyRevokedAt"         timestamptz,
  PRIMARY KEY ("projectId", "id")
);
CREATE UNIQUE INDEX "ApiKeySet_publishableClientKeyHash_key" ON "ApiKeySet" ("publishableClientKeyHash");
CREATE UNIQUE INDEX "ApiKeySet_secretServerKeyHash_key" ON "ApiKeySet" ("secretServerKeyHash");
CREATE UNIQUE INDEX "ApiKeySet_superSecretAdminKeyHash_key" ON "ApiKeySet" ("superSecretAdminKeyHash");

-- What an owner has set, one document per branch; connection strings live encrypted in "ExternalDatabase".
CREATE TABLE "EnvironmentConfigOverride" (
  "projectId" text NOT NULL REFERENCES "Project" ("id") ON DELETE CASCADE,
  "branchId"  text NOT NULL,
  "config"    jsonb NOT NULL DEFAULT '{}',
  "updatedAt" timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY ("projectId", "branchId")
);

CREATE TABLE "ProjectUser" (
  "tenancyId"              uuid NOT NULL REFERENCES "Tenancy" ("id") ON DELETE CASCADE,
  "projectUserId"          uuid NOT NULL DEFAULT gen_random_uuid(),
  "displayName"            text,
  "profileImageUrl"        text,
  "clientMetadata"         jsonb,
  "clientReadOnlyMetadata" jsonb,
  "serverMetadata"         jsonb,
  "isAnonymous"            boolean NOT NULL DEFAULT false,
  "selectedTeamId"         uuid,
  "passwordHash"           text,
  "signedUpAt"             timestamptz NOT NULL DEFAULT now(),
  "lastActiveAt"           timestamptz NOT NULL DEFAULT now(),
  "updatedAt"              timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY ("tenancyId", "projectUserId")
);
CREATE INDEX "ProjectUser_signedUpAt_idx" ON "ProjectUser" ("tenancyId", "signedUpAt", "projectUserId");

CREATE TABLE "ContactChannel" (
  "tenancyId"     uuid NOT NULL,
  "id"            uuid NOT NULL DEFAULT gen_random_uuid(),
  "projectUserId" uuid NOT NULL,
  "type"          text NOT NULL CHECK ("type" IN ('email')),
  "value"         text NOT NULL,
  "isPrimary"     boolean NOT NULL DEFAULT false,
  "isVerified"    boolean NOT NULL DEFAULT false,
  "usedForAuth"   boolean NOT NULL DEFAULT false,
  "createdAt"     timestamptz NOT NULL DEFAULT now(),
  "updatedAt"     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY ("tenancyId", "id"),
  FOREIGN KEY ("tenancyId", "projectUserId") REFERENCES "ProjectUser" ("tenancyId", "projectUserId") ON DELETE CASCADE
);
-- The leading columns also serve the look-ups by user and the cascade.
CREATE UNIQUE INDEX "ContactChannel_user_type_value_key" ON "ContactChannel" ("tenancyId", "projectUserId", "type", md5("value"));
CREATE UNIQUE INDEX "ContactChannel_primary_key" ON "ContactChannel" ("tenancyId", "projectUserId", "type") WHERE "isPrimary";
CREATE UNIQUE INDEX "ContactChannel_usedForAuth_key" ON "ContactChannel" ("tenancyId", "type", md5("value")) WHERE "usedForAuth";

CREATE TABLE "Team" (
  "tenancyId"              uuid NOT NULL REFERENCES "Tenancy" ("id") ON DELETE CASCADE,
  "teamId"                 uuid NOT NULL DEFAULT gen_random_uuid(),
  "displayName"            text NOT NULL,
  "profileImageUrl"        text,
  "clientMetadata"         jsonb,
  "clientReadOnlyMetadata" jsonb,
  "serverMetadata"         jsonb,
  "createdAt"              timestamptz NOT NULL DEFAULT now(),
  "updatedAt"              timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY ("tenancyId", "teamId")
);
CREATE INDEX "Team_createdAt_idx" ON "Team" ("tenancyId", "createdAt", "teamId");

CREATE TABLE "TeamMember" (
  "tenancyId"       uuid NOT NULL,
  "teamId"          uuid NOT NULL,
  "projectUserId"   uuid NOT NULL,
  "displayName"     text,
  "profileImageUrl" text,
  "createdAt"       timestamptz NOT NULL DEFAULT now(),
  "updatedAt"       timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY ("tenancyId", "teamId", "projectUserId"),
  FOREIGN KEY ("tenancyId", "teamId") REFERENCES "Team" ("tenancyId", "teamId") ON DELETE CASCADE,
  FOREIGN KEY ("tenancyId", "projectUserId") REFERENCES "ProjectUser" ("tenancyId", "projectUserId") ON DELETE CASCADE
);
CREATE INDEX "TeamMember_projectUserId_idx" ON "TeamMember" ("tenancyId", "projectUserId");
