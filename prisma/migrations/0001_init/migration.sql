-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "Role" AS ENUM ('administrator', 'owner');

-- CreateEnum
CREATE TYPE "Visibility" AS ENUM ('public', 'private', 'secret');

-- CreateEnum
CREATE TYPE "PowerState" AS ENUM ('running', 'stopped');

-- CreateEnum
CREATE TYPE "NodeState" AS ENUM ('enrolling', 'online', 'unreachable');

-- CreateEnum
CREATE TYPE "JobStatus" AS ENUM ('queued', 'running', 'canceling', 'canceled', 'success', 'error');

-- CreateEnum
CREATE TYPE "InstallState" AS ENUM ('accepted', 'queued', 'preparing', 'imaging', 'installing', 'personalizing', 'verifying', 'starting', 'done', 'failed', 'cancelled', 'timed_out');

-- CreateEnum
CREATE TYPE "InstallEventKind" AS ENUM ('log', 'progress', 'state', 'notice');

-- CreateTable
CREATE TABLE "cluster" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "uuid" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "install_timeout_seconds" INTEGER DEFAULT 1800,
    "disk_retention_seconds" INTEGER NOT NULL DEFAULT 604800,
    "host_scripts" BOOLEAN NOT NULL DEFAULT true,
    "enable_safe_install" BOOLEAN NOT NULL DEFAULT true,
    "appliance_digest" TEXT,
    "serial_no" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "cluster_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "user" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "display_name" TEXT NOT NULL DEFAULT '',
    "password_hash" TEXT NOT NULL,
    "role" "Role" NOT NULL DEFAULT 'owner',
    "session_epoch" INTEGER NOT NULL DEFAULT 1,
    "disabled_at" TIMESTAMPTZ(6),
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "controller" (
    "id" UUID NOT NULL,
    "hostname" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "roles" TEXT[],
    "started_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lease_until" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "controller_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "node" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "address" TEXT,
    "certificate" TEXT,
    "state" "NodeState" NOT NULL DEFAULT 'enrolling',
    "state_reason" TEXT,
    "offline" BOOLEAN NOT NULL DEFAULT false,
    "drained" BOOLEAN NOT NULL DEFAULT false,
    "agent_version" TEXT,
    "facts" JSONB,
    "last_seen_at" TIMESTAMPTZ(6),
    "follower_id" UUID,
    "journal_id" UUID,
    "journal_seq" BIGINT NOT NULL DEFAULT 0,
    "enrol_token_hash" TEXT,
    "enrol_token_expires" TIMESTAMPTZ(6),
    "serial_no" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "node_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "blob" (
    "digest" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "blob_pkey" PRIMARY KEY ("digest")
);

-- CreateTable
CREATE TABLE "appliance" (
    "digest" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "contract_version" INTEGER NOT NULL,
    "kernel_digest" TEXT NOT NULL,
    "initrd_digest" TEXT NOT NULL,
    "manifest" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "appliance_pkey" PRIMARY KEY ("digest")
);

-- CreateTable
CREATE TABLE "os_definition" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "owner_id" UUID,
    "trusted_digest" TEXT,
    "trusted_by" TEXT,
    "trusted_at" TIMESTAMPTZ(6),
    "hidden" BOOLEAN NOT NULL DEFAULT false,
    "blacklisted" BOOLEAN NOT NULL DEFAULT false,
    "current_version_id" UUID,
    "serial_no" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "os_definition_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "os_definition_version" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "definition_id" UUID NOT NULL,
    "version" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "api_versions" INTEGER[],
    "variants" TEXT[],
    "manifest" JSONB NOT NULL,
    "files" JSONB NOT NULL,
    "untrusted_tar" BYTEA,
    "untrusted_digest" TEXT,
    "image_digest" TEXT,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "os_definition_version_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "instance" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "owner_id" UUID,
    "node_id" UUID NOT NULL,
    "definition_id" UUID,
    "variant" TEXT,
    "vcpus" INTEGER NOT NULL DEFAULT 1,
    "memory_mib" INTEGER NOT NULL,
    "tags" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "communication" BOOLEAN NOT NULL DEFAULT false,
    "admin_state" "PowerState" NOT NULL DEFAULT 'stopped',
    "oper_state" "PowerState",
    "oper_journal" UUID,
    "oper_seq" BIGINT NOT NULL DEFAULT 0,
    "install_state" "InstallState",
    "current_install_id" UUID,
    "locked_by_job_id" INTEGER,
    "serial_no" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "instance_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "instance_disk" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "instance_id" UUID NOT NULL,
    "index" INTEGER NOT NULL,
    "size_mib" INTEGER NOT NULL,
    "name" TEXT,

    CONSTRAINT "instance_disk_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "instance_nic" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "instance_id" UUID NOT NULL,
    "index" INTEGER NOT NULL,
    "mac" TEXT NOT NULL,
    "ip" TEXT,
    "mode" TEXT NOT NULL DEFAULT 'user',
    "link" TEXT,
    "name" TEXT,

    CONSTRAINT "instance_nic_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "instance_parameter" (
    "instance_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "visibility" "Visibility" NOT NULL,
    "public_value" TEXT,
    "private_value" BYTEA,
    "updated_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "instance_parameter_pkey" PRIMARY KEY ("instance_id","name")
);

-- CreateTable
CREATE TABLE "job" (
    "id" SERIAL NOT NULL,
    "status" "JobStatus" NOT NULL DEFAULT 'queued',
    "ops" JSONB NOT NULL,
    "op_status" "JobStatus"[],
    "op_result" JSONB NOT NULL DEFAULT '[]',
    "summary" TEXT[],
    "request" JSONB NOT NULL,
    "instance_name" TEXT,
    "instance_id" UUID,
    "requested_by_id" UUID,
    "requester" TEXT NOT NULL,
    "interface" TEXT NOT NULL,
    "secret_names" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "owner_id" UUID,
    "executor_id" UUID,
    "cancel_requested_at" TIMESTAMPTZ(6),
    "error_code" TEXT,
    "error_message" TEXT,
    "received_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(6),
    "ended_at" TIMESTAMPTZ(6),

    CONSTRAINT "job_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "job_log" (
    "job_id" INTEGER NOT NULL,
    "serial" INTEGER NOT NULL,
    "op_index" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "message" TEXT NOT NULL,

    CONSTRAINT "job_log_pkey" PRIMARY KEY ("job_id","serial")
);

-- CreateTable
CREATE TABLE "job_private_value" (
    "job_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "value" BYTEA NOT NULL,

    CONSTRAINT "job_private_value_pkey" PRIMARY KEY ("job_id","name")
);

-- CreateTable
CREATE TABLE "install" (
    "id" UUID NOT NULL,
    "job_id" INTEGER NOT NULL,
    "instance_id" UUID NOT NULL,
    "node_id" UUID NOT NULL,
    "definition_version_id" UUID,
    "variant" TEXT,
    "appliance_digest" TEXT,
    "plan" JSONB NOT NULL,
    "parameters" JSONB NOT NULL,
    "state" "InstallState" NOT NULL DEFAULT 'accepted',
    "acknowledged" BOOLEAN NOT NULL DEFAULT false,
    "order_sent_at" TIMESTAMPTZ(6),
    "lease_until" TIMESTAMPTZ(6),
    "step" TEXT,
    "percent" DOUBLE PRECISION,
    "message" TEXT,
    "steps" JSONB NOT NULL DEFAULT '[]',
    "last_seq" INTEGER NOT NULL DEFAULT 0,
    "last_contact_at" TIMESTAMPTZ(6),
    "timeout_seconds" INTEGER,
    "accepted_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(6),
    "ended_at" TIMESTAMPTZ(6),
    "first_boot_at" TIMESTAMPTZ(6),
    "error_code" TEXT,
    "error_message" TEXT,
    "error_step" TEXT,

    CONSTRAINT "install_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "install_event" (
    "install_id" UUID NOT NULL,
    "seq" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "kind" "InstallEventKind" NOT NULL,
    "text" TEXT,
    "step" TEXT,
    "percent" DOUBLE PRECISION,

    CONSTRAINT "install_event_pkey" PRIMARY KEY ("install_id","seq")
);

-- CreateTable
CREATE TABLE "event" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "type" TEXT NOT NULL,
    "object_id" TEXT NOT NULL,
    "owner_id" UUID,
    "payload" JSONB NOT NULL,

    CONSTRAINT "event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_entry" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "actor_id" UUID,
    "interface" TEXT NOT NULL,
    "address" TEXT,
    "request_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "object_kind" TEXT NOT NULL,
    "object_name" TEXT,
    "outcome" TEXT NOT NULL,
    "error_code" TEXT,
    "details" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "user_name_key" ON "user"("name");

-- CreateIndex
CREATE INDEX "controller_lease_until_idx" ON "controller"("lease_until");

-- CreateIndex
CREATE UNIQUE INDEX "node_name_key" ON "node"("name");

-- CreateIndex
CREATE INDEX "node_follower_id_idx" ON "node"("follower_id");

-- CreateIndex
CREATE UNIQUE INDEX "os_definition_name_key" ON "os_definition"("name");

-- CreateIndex
CREATE UNIQUE INDEX "os_definition_current_version_id_key" ON "os_definition"("current_version_id");

-- CreateIndex
CREATE UNIQUE INDEX "os_definition_version_definition_id_version_key" ON "os_definition_version"("definition_id", "version");

-- CreateIndex
CREATE UNIQUE INDEX "os_definition_version_definition_id_digest_key" ON "os_definition_version"("definition_id", "digest");

-- CreateIndex
CREATE UNIQUE INDEX "instance_name_key" ON "instance"("name");

-- CreateIndex
CREATE UNIQUE INDEX "instance_current_install_id_key" ON "instance"("current_install_id");

-- CreateIndex
CREATE INDEX "instance_owner_id_name_idx" ON "instance"("owner_id", "name");

-- CreateIndex
CREATE INDEX "instance_created_at_id_idx" ON "instance"("created_at", "id");

-- CreateIndex
CREATE INDEX "instance_install_state_name_idx" ON "instance"("install_state", "name");

-- CreateIndex
CREATE INDEX "instance_node_id_idx" ON "instance"("node_id");

-- CreateIndex
CREATE INDEX "instance_definition_id_idx" ON "instance"("definition_id");

-- CreateIndex
CREATE UNIQUE INDEX "instance_disk_instance_id_index_key" ON "instance_disk"("instance_id", "index");

-- CreateIndex
CREATE UNIQUE INDEX "instance_nic_mac_key" ON "instance_nic"("mac");

-- CreateIndex
CREATE UNIQUE INDEX "instance_nic_instance_id_index_key" ON "instance_nic"("instance_id", "index");

-- CreateIndex
CREATE INDEX "job_status_id_idx" ON "job"("status", "id");

-- CreateIndex
CREATE INDEX "job_instance_id_id_idx" ON "job"("instance_id", "id");

-- CreateIndex
CREATE INDEX "job_instance_name_id_idx" ON "job"("instance_name", "id");

-- CreateIndex
CREATE INDEX "job_requested_by_id_id_idx" ON "job"("requested_by_id", "id");

-- CreateIndex
CREATE INDEX "job_ended_at_idx" ON "job"("ended_at");

-- CreateIndex
CREATE INDEX "install_instance_id_accepted_at_idx" ON "install"("instance_id", "accepted_at");

-- CreateIndex
CREATE INDEX "install_node_id_state_idx" ON "install"("node_id", "state");

-- CreateIndex
CREATE INDEX "install_job_id_idx" ON "install"("job_id");

-- CreateIndex
CREATE INDEX "install_state_accepted_at_idx" ON "install"("state", "accepted_at");

-- CreateIndex
CREATE INDEX "install_accepted_at_id_idx" ON "install"("accepted_at", "id");

-- CreateIndex
CREATE INDEX "install_definition_version_id_ended_at_idx" ON "install"("definition_version_id", "ended_at");

-- CreateIndex
CREATE INDEX "event_at_idx" ON "event"("at");

-- CreateIndex
CREATE INDEX "audit_entry_at_idx" ON "audit_entry"("at");

-- CreateIndex
CREATE INDEX "audit_entry_object_kind_object_name_id_idx" ON "audit_entry"("object_kind", "object_name", "id");

-- AddForeignKey
ALTER TABLE "cluster" ADD CONSTRAINT "cluster_appliance_digest_fkey" FOREIGN KEY ("appliance_digest") REFERENCES "appliance"("digest") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "node" ADD CONSTRAINT "node_follower_id_fkey" FOREIGN KEY ("follower_id") REFERENCES "controller"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "appliance" ADD CONSTRAINT "appliance_kernel_digest_fkey" FOREIGN KEY ("kernel_digest") REFERENCES "blob"("digest") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "appliance" ADD CONSTRAINT "appliance_initrd_digest_fkey" FOREIGN KEY ("initrd_digest") REFERENCES "blob"("digest") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "os_definition" ADD CONSTRAINT "os_definition_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "user"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "os_definition" ADD CONSTRAINT "os_definition_current_version_id_fkey" FOREIGN KEY ("current_version_id") REFERENCES "os_definition_version"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "os_definition_version" ADD CONSTRAINT "os_definition_version_definition_id_fkey" FOREIGN KEY ("definition_id") REFERENCES "os_definition"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "os_definition_version" ADD CONSTRAINT "os_definition_version_image_digest_fkey" FOREIGN KEY ("image_digest") REFERENCES "blob"("digest") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "instance" ADD CONSTRAINT "instance_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "user"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "instance" ADD CONSTRAINT "instance_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "instance" ADD CONSTRAINT "instance_definition_id_fkey" FOREIGN KEY ("definition_id") REFERENCES "os_definition"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "instance" ADD CONSTRAINT "instance_current_install_id_fkey" FOREIGN KEY ("current_install_id") REFERENCES "install"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "instance_disk" ADD CONSTRAINT "instance_disk_instance_id_fkey" FOREIGN KEY ("instance_id") REFERENCES "instance"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "instance_nic" ADD CONSTRAINT "instance_nic_instance_id_fkey" FOREIGN KEY ("instance_id") REFERENCES "instance"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "instance_parameter" ADD CONSTRAINT "instance_parameter_instance_id_fkey" FOREIGN KEY ("instance_id") REFERENCES "instance"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "job" ADD CONSTRAINT "job_requested_by_id_fkey" FOREIGN KEY ("requested_by_id") REFERENCES "user"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "job_log" ADD CONSTRAINT "job_log_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "job"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "job_private_value" ADD CONSTRAINT "job_private_value_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "job"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "install" ADD CONSTRAINT "install_job_id_fkey" FOREIGN KEY ("job_id") REFERENCES "job"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "install" ADD CONSTRAINT "install_instance_id_fkey" FOREIGN KEY ("instance_id") REFERENCES "instance"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "install" ADD CONSTRAINT "install_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "node"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "install" ADD CONSTRAINT "install_definition_version_id_fkey" FOREIGN KEY ("definition_version_id") REFERENCES "os_definition_version"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "install" ADD CONSTRAINT "install_appliance_digest_fkey" FOREIGN KEY ("appliance_digest") REFERENCES "appliance"("digest") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "install_event" ADD CONSTRAINT "install_event_install_id_fkey" FOREIGN KEY ("install_id") REFERENCES "install"("id") ON DELETE CASCADE ON UPDATE CASCADE;



-- The table of visibility, held by the database itself: a public value in the clear, a private one encrypted, a secret one never.
ALTER TABLE "instance_parameter" ADD CONSTRAINT "instance_parameter_visibility_check" CHECK (
  CASE "visibility"
    WHEN 'public' THEN "public_value" IS NOT NULL AND "private_value" IS NULL
    WHEN 'private' THEN "public_value" IS NULL AND "private_value" IS NOT NULL
    WHEN 'secret' THEN "public_value" IS NULL AND "private_value" IS NULL
  END);

ALTER TABLE "cluster" ADD CONSTRAINT "cluster_singleton_check" CHECK ("id" = 1);
ALTER TABLE "cluster" ADD CONSTRAINT "cluster_timeout_check" CHECK ("install_timeout_seconds" BETWEEN 10 AND 604800);
ALTER TABLE "cluster" ADD CONSTRAINT "cluster_retention_check" CHECK ("disk_retention_seconds" BETWEEN 0 AND 31536000);
ALTER TABLE "instance" ADD CONSTRAINT "instance_size_check" CHECK ("vcpus" BETWEEN 1 AND 256 AND "memory_mib" BETWEEN 32 AND 16777216);
ALTER TABLE "instance" ADD CONSTRAINT "instance_locked_by_fkey" FOREIGN KEY ("locked_by_job_id") REFERENCES "job" ("id") ON DELETE SET NULL;
ALTER TABLE "instance_disk" ADD CONSTRAINT "instance_disk_size_check" CHECK ("index" BETWEEN 0 AND 15 AND "size_mib" BETWEEN 1 AND 67108864);
ALTER TABLE "install" ADD CONSTRAINT "install_percent_check" CHECK ("percent" BETWEEN 0 AND 100);

-- Told by the database and not by whoever changes the row, so that no way of changing it can forget: caches of credentials and
-- open streams end (lib/users), nodes without a follower find one (lib/agents).
CREATE FUNCTION slipway_notify_id() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify(TG_ARGV[0], COALESCE(NEW."id", OLD."id")::text);
  RETURN NULL;
END $$;
CREATE TRIGGER "user_changed" AFTER UPDATE OF "name", "password_hash", "role", "session_epoch", "disabled_at" OR DELETE ON "user"
  FOR EACH ROW EXECUTE FUNCTION slipway_notify_id('slipway_user');
CREATE TRIGGER "node_changed" AFTER INSERT OR UPDATE OF "address", "certificate", "offline", "follower_id" OR DELETE ON "node"
  FOR EACH ROW EXECUTE FUNCTION slipway_notify_id('slipway_node');
