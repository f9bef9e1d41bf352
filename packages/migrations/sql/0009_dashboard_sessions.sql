-- Sessions of the dashboard, so that any server process knows who is signed in.
-- compatibility: safe

CREATE TABLE "DashboardSession" (
  -- SHA-256 of what the browser holds: a stolen dump opens nothing.
  "tokenHash"  bytea PRIMARY KEY,
  "projectId"  text NOT NULL,
  "keySetId"   uuid NOT NULL,
  -- The key that was signed in with, by its hash: a key that is exchanged or revoked ends its sessions.
  "keyHash"    bytea NOT NULL,
  "createdAt"  timestamptz NOT NULL DEFAULT now(),
  -- Within a minute.
  "lastUsedAt" timestamptz NOT NULL DEFAULT now(),
  "expiresAt"  timestamptz NOT NULL,
  FOREIGN KEY ("projectId", "keySetId") REFERENCES "ApiKeySet" ("projectId", "id") ON DELETE CASCADE
);
CREATE INDEX "DashboardSession_keySet_idx" ON "DashboardSession" ("projectId", "keySetId");
