-- Definitions that users bring, trust with its reason, defaults of parameters, and keys that lie in the database encrypted.

ALTER TABLE "appliance" ADD COLUMN "root_digest" TEXT;
ALTER TABLE "appliance" ADD CONSTRAINT "appliance_root_digest_fkey" FOREIGN KEY ("root_digest") REFERENCES "blob"("digest") ON DELETE SET NULL ON UPDATE CASCADE;

ALTER TABLE "os_definition"
  ADD COLUMN "trust_reason" TEXT,
  ADD COLUMN "trust_updates" BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX "os_definition_owner_id_name_idx" ON "os_definition"("owner_id", "name");

-- No new name differs from another in upper and lower case alone (store-version.ts looks first, and says so). Where two of before do,
-- both stay, and the look is all that keeps a third from coming.
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM "os_definition" GROUP BY lower("name") HAVING count(*) > 1) THEN
    CREATE UNIQUE INDEX "os_definition_name_lower_key" ON "os_definition"(lower("name"));
  END IF;
END $$;

-- A definition without an owner is the cluster's own, which sees the cluster's private defaults: an account's end must not make one.
ALTER TABLE "os_definition" DROP CONSTRAINT "os_definition_owner_id_fkey";
ALTER TABLE "os_definition" ADD CONSTRAINT "os_definition_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "user"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "os_definition_share" (
    "definition_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    CONSTRAINT "os_definition_share_pkey" PRIMARY KEY ("definition_id","user_id")
);
CREATE INDEX "os_definition_share_user_id_idx" ON "os_definition_share"("user_id");
ALTER TABLE "os_definition_share" ADD CONSTRAINT "os_definition_share_definition_id_fkey" FOREIGN KEY ("definition_id") REFERENCES "os_definition"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "os_definition_share" ADD CONSTRAINT "os_definition_share_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "os_definition_version"
  ADD COLUMN "title" TEXT NOT NULL DEFAULT '',
  ADD COLUMN "size_bytes" INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "registered_by" TEXT NOT NULL DEFAULT 'set-up',
  ADD COLUMN "source" TEXT NOT NULL DEFAULT 'folder';

CREATE TABLE "os_definition_file" (
    "version_id" UUID NOT NULL,
    "path" TEXT NOT NULL,
    "mode" INTEGER NOT NULL,
    "size" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    CONSTRAINT "os_definition_file_pkey" PRIMARY KEY ("version_id","path")
);
CREATE INDEX "os_definition_file_digest_idx" ON "os_definition_file"("digest");
ALTER TABLE "os_definition_file" ADD CONSTRAINT "os_definition_file_version_id_fkey" FOREIGN KEY ("version_id") REFERENCES "os_definition_version"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "os_file_content" (
    "digest" TEXT NOT NULL,
    "content" BYTEA NOT NULL,
    CONSTRAINT "os_file_content_pkey" PRIMARY KEY ("digest")
);

-- Versions of before have their list of files; the bytes come when the same content is registered again.
INSERT INTO "os_definition_file" ("version_id", "path", "mode", "size", "digest")
  SELECT v."id", f->>'path', (f->>'mode')::int, (f->>'size')::int, f->>'digest'
  FROM "os_definition_version" v, jsonb_array_elements(v."files") f;
UPDATE "os_definition_version" v SET "size_bytes" = COALESCE((SELECT sum(f."size") FROM "os_definition_file" f WHERE f."version_id" = v."id"), 0);
UPDATE "os_definition_version" SET "title" = COALESCE("manifest"->>'title', '');
ALTER TABLE "os_definition_version" DROP COLUMN "files", DROP COLUMN "untrusted_tar";

CREATE TABLE "parameter_default" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "definition_id" UUID,
    "variant" TEXT,
    "name" TEXT NOT NULL,
    "visibility" "Visibility" NOT NULL,
    "public_value" TEXT,
    "private_value" BYTEA,
    "updated_by" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(6) NOT NULL,
    CONSTRAINT "parameter_default_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "parameter_default_definition_id_idx" ON "parameter_default"("definition_id");
ALTER TABLE "parameter_default" ADD CONSTRAINT "parameter_default_definition_id_fkey" FOREIGN KEY ("definition_id") REFERENCES "os_definition"("id") ON DELETE CASCADE ON UPDATE CASCADE;
-- One value a place, the cluster itself included.
CREATE UNIQUE INDEX "parameter_default_place_key" ON "parameter_default"("definition_id", "variant", "name") NULLS NOT DISTINCT;
ALTER TABLE "parameter_default" ADD CONSTRAINT "parameter_default_variant_check" CHECK ("variant" IS NULL OR "definition_id" IS NOT NULL);
-- As for instances, but that a secret can't be here at all.
ALTER TABLE "parameter_default" ADD CONSTRAINT "parameter_default_visibility_check" CHECK (
  CASE "visibility"
    WHEN 'public' THEN "public_value" IS NOT NULL AND "private_value" IS NULL
    WHEN 'private' THEN "public_value" IS NULL AND "private_value" IS NOT NULL
    WHEN 'secret' THEN false
  END);

CREATE TABLE "data_key" (
    "id" TEXT NOT NULL,
    "purpose" TEXT NOT NULL,
    "wrapped" BYTEA NOT NULL,
    "master_key_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retired_at" TIMESTAMPTZ(6),
    CONSTRAINT "data_key_pkey" PRIMARY KEY ("id")
);
-- One key of each purpose writes.
CREATE UNIQUE INDEX "data_key_writing_key" ON "data_key"("purpose") WHERE "retired_at" IS NULL;
CREATE TRIGGER "data_key_changed" AFTER INSERT OR UPDATE OR DELETE ON "data_key"
  FOR EACH ROW EXECUTE FUNCTION slipway_notify_id('slipway_key');
