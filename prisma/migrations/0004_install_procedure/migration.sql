-- Images, media and packages; the system that an install replaced; snapshots, exports and receipts.

ALTER TABLE "cluster"
  ADD COLUMN "medium_timeout_seconds" INTEGER DEFAULT 7200,
  ADD COLUMN "private_sources" TEXT[] DEFAULT ARRAY[]::TEXT[],
  ADD COLUMN "erase_disks" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "cluster" ADD CONSTRAINT "cluster_medium_timeout_check" CHECK ("medium_timeout_seconds" BETWEEN 10 AND 604800);
ALTER TABLE "data_key" ADD COLUMN "public_key" TEXT;
ALTER TABLE "appliance" ADD COLUMN "registered_by" TEXT NOT NULL DEFAULT 'set-up';
ALTER TABLE "os_definition_version" ADD COLUMN "host_digest" TEXT;
ALTER TABLE "instance"
  ADD COLUMN "install_source" JSONB NOT NULL DEFAULT '{}',
  ADD COLUMN "rescue" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "install"
  ADD COLUMN "overwritten" BOOLEAN NOT NULL DEFAULT false,
  ADD COLUMN "confirmed" BOOLEAN,
  ADD COLUMN "facts" JSONB NOT NULL DEFAULT '{}',
  ADD COLUMN "previous_host_keys" JSONB,
  ADD COLUMN "stages" JSONB NOT NULL DEFAULT '[]';

CREATE TABLE "previous_system" (
    "instance_id" UUID NOT NULL,
    "kept_as" UUID NOT NULL,
    "until" TIMESTAMPTZ(6) NOT NULL,
    "definition_id" UUID,
    "variant" TEXT,
    "install_source" JSONB NOT NULL,
    "host_keys" JSONB,
    "install_state" "InstallState",
    "install_id" UUID,
    CONSTRAINT "previous_system_pkey" PRIMARY KEY ("instance_id")
);
CREATE INDEX "previous_system_until_idx" ON "previous_system"("until");
ALTER TABLE "previous_system" ADD CONSTRAINT "previous_system_instance_id_fkey" FOREIGN KEY ("instance_id") REFERENCES "instance"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "previous_parameter" (
    "instance_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "visibility" "Visibility" NOT NULL,
    "public_value" TEXT,
    "private_value" BYTEA,
    CONSTRAINT "previous_parameter_pkey" PRIMARY KEY ("instance_id", "name")
);
ALTER TABLE "previous_parameter" ADD CONSTRAINT "previous_parameter_instance_id_fkey" FOREIGN KEY ("instance_id") REFERENCES "previous_system"("instance_id") ON DELETE CASCADE ON UPDATE CASCADE;
-- As for the instance's own: a private value is there only encrypted, a secret one by its name.
ALTER TABLE "previous_parameter" ADD CONSTRAINT "previous_parameter_visibility_check" CHECK (
  CASE "visibility"
    WHEN 'public' THEN "public_value" IS NOT NULL AND "private_value" IS NULL
    WHEN 'private' THEN "public_value" IS NULL AND "private_value" IS NOT NULL
    WHEN 'secret' THEN "public_value" IS NULL AND "private_value" IS NULL
  END);

CREATE TABLE "disk_snapshot" (
    "id" UUID NOT NULL,
    "instance_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "disks" JSONB NOT NULL,
    "used_mib" INTEGER,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "disk_snapshot_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "disk_snapshot_instance_id_name_key" ON "disk_snapshot"("instance_id", "name");
ALTER TABLE "disk_snapshot" ADD CONSTRAINT "disk_snapshot_instance_id_fkey" FOREIGN KEY ("instance_id") REFERENCES "instance"("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "instance_export" (
    "id" UUID NOT NULL,
    "instance_name" TEXT NOT NULL,
    "owner_id" UUID,
    "node_id" UUID NOT NULL,
    "manifest" JSONB NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "instance_export_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "instance_export_owner_id_created_at_idx" ON "instance_export"("owner_id", "created_at");
CREATE INDEX "instance_export_created_at_id_idx" ON "instance_export"("created_at", "id");
CREATE INDEX "instance_export_node_id_idx" ON "instance_export"("node_id");
ALTER TABLE "instance_export" ADD CONSTRAINT "instance_export_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "user"("id") ON DELETE SET NULL ON UPDATE CASCADE;
ALTER TABLE "instance_export" ADD CONSTRAINT "instance_export_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

CREATE TABLE "receipt" (
    "install_id" UUID NOT NULL,
    "instance_id" UUID NOT NULL,
    "instance_name" TEXT NOT NULL,
    "owner_id" UUID,
    "key_id" TEXT NOT NULL,
    "envelope" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "receipt_pkey" PRIMARY KEY ("install_id")
);
CREATE INDEX "receipt_instance_id_created_at_idx" ON "receipt"("instance_id", "created_at");
