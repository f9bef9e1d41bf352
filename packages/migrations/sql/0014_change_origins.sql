-- Which trace a change belongs to, from the writer's transaction to its arrival. Empty unless a server sends traces.
-- compatibility: safe

-- Unlogged: what a crash loses of it is missed in a picture, nowhere else.
CREATE UNLOGGED TABLE "ChangeOrigin" (
  "id"              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "tenancyId"       uuid NOT NULL,
  -- As in the W3C's header of that name.
  "traceparent"     text NOT NULL,
  "createdAt"       timestamptz NOT NULL DEFAULT now(),
  -- The pass that numbered the change handed out the numbers after the first and up to the second.
  "numberedAfter"   bigint,
  "numberedThrough" bigint,
  -- When a delivery was told of it.
  "takenUpAt"       timestamptz
);
CREATE INDEX "ChangeOrigin_unnumbered_idx" ON "ChangeOrigin" ("id") WHERE "numberedThrough" IS NULL;
CREATE INDEX "ChangeOrigin_tenancy_idx" ON "ChangeOrigin" ("tenancyId", "numberedThrough");
