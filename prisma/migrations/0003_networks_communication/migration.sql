-- Networks and their addresses, the communication mechanism of running instances, and what its metadata hands out.

CREATE TYPE "Datasource" AS ENUM ('openstack', 'ec2', 'none');
CREATE TYPE "NetworkPurpose" AS ENUM ('instances', 'communication');
ALTER TYPE "InstallEventKind" ADD VALUE 'message';

ALTER TABLE "cluster" ADD COLUMN "require_metadata_tokens" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "instance"
  ADD COLUMN "datasource" "Datasource" NOT NULL DEFAULT 'openstack',
  ADD COLUMN "ssh_keys" TEXT[] DEFAULT ARRAY[]::TEXT[],
  ADD COLUMN "user_data" BYTEA,
  ADD COLUMN "host_keys" JSONB;
ALTER TABLE "install_event" ADD COLUMN "author" TEXT;

CREATE TABLE "network" (
    "id" UUID NOT NULL DEFAULT gen_random_uuid(),
    "name" TEXT NOT NULL,
    "purpose" "NetworkPurpose" NOT NULL DEFAULT 'instances',
    "subnet" TEXT NOT NULL,
    "gateway" TEXT,
    "subnet6" TEXT,
    "gateway6" TEXT,
    "dns" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "mode" TEXT NOT NULL DEFAULT 'bridged',
    "link" TEXT,
    "last_offset" INTEGER NOT NULL DEFAULT 0,
    "serial_no" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(6) NOT NULL,
    CONSTRAINT "network_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "network_name_key" ON "network"("name");
ALTER TABLE "network" ADD CONSTRAINT "network_mode_check" CHECK ("mode" IN ('bridged', 'routed'));
-- As `cidr` the text is read by PostgreSQL itself: a host part that isn't zero is refused.
ALTER TABLE "network" ADD CONSTRAINT "network_subnet_check" CHECK (family("subnet"::cidr) = 4 AND masklen("subnet"::cidr) BETWEEN 8 AND 30);
ALTER TABLE "network" ADD CONSTRAINT "network_subnet6_check" CHECK ("subnet6" IS NULL OR family("subnet6"::cidr) = 6);
-- An address of the communication mechanism is one guest's in the whole cluster, whichever network it comes from.
ALTER TABLE "network" ADD CONSTRAINT "network_communication_apart" EXCLUDE USING gist (("subnet"::cidr::inet) inet_ops WITH &&) WHERE ("purpose" = 'communication');

ALTER TABLE "instance_nic"
  ADD COLUMN "network_id" UUID,
  ADD COLUMN "forwards" INTEGER[] DEFAULT ARRAY[]::INTEGER[],
  ADD COLUMN "reach" JSONB;
CREATE INDEX "instance_nic_network_id_idx" ON "instance_nic"("network_id");
ALTER TABLE "instance_nic" ADD CONSTRAINT "instance_nic_network_id_fkey" FOREIGN KEY ("network_id") REFERENCES "network"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
-- The communication mechanism makes its addresses under this prefix (lib/domain/channel-address.ts): no NIC may be given one of
-- them. Not a constraint: one that somebody chose before keeps its address, and whatever else is written of it isn't refused for that.
CREATE FUNCTION slipway_refuse_channel_mac() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a MAC address of the communication mechanism' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER "instance_nic_mac" BEFORE INSERT OR UPDATE OF "mac" ON "instance_nic"
  FOR EACH ROW WHEN (NEW."mac" LIKE '02:5c:%') EXECUTE FUNCTION slipway_refuse_channel_mac();
-- Until now every NIC was closed. One that QEMU's own network carries is reached by SSH from its next start on.
UPDATE "instance_nic" SET "forwards" = ARRAY[22] WHERE "mode" = 'user';

CREATE TABLE "network_address" (
    "network_id" UUID NOT NULL,
    "offset" INTEGER NOT NULL,
    "nic_id" UUID,
    "instance_id" UUID,
    "install_id" UUID,
    "note" TEXT,
    CONSTRAINT "network_address_pkey" PRIMARY KEY ("network_id", "offset")
);
CREATE UNIQUE INDEX "network_address_nic_id_key" ON "network_address"("nic_id");
CREATE UNIQUE INDEX "network_address_instance_id_key" ON "network_address"("instance_id");
CREATE UNIQUE INDEX "network_address_install_id_key" ON "network_address"("install_id");
ALTER TABLE "network_address" ADD CONSTRAINT "network_address_network_id_fkey" FOREIGN KEY ("network_id") REFERENCES "network"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "network_address" ADD CONSTRAINT "network_address_nic_id_fkey" FOREIGN KEY ("nic_id") REFERENCES "instance_nic"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "network_address" ADD CONSTRAINT "network_address_instance_id_fkey" FOREIGN KEY ("instance_id") REFERENCES "instance"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "network_address" ADD CONSTRAINT "network_address_install_id_fkey" FOREIGN KEY ("install_id") REFERENCES "install"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "network_address" ADD CONSTRAINT "network_address_holder_check" CHECK (num_nonnulls("nic_id", "instance_id", "install_id") <= 1);

CREATE TABLE "channel_line" (
    "id" BIGSERIAL NOT NULL,
    "instance_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(6) NOT NULL,
    "kind" "InstallEventKind" NOT NULL,
    "author" TEXT NOT NULL,
    "text" TEXT,
    "step" TEXT,
    "percent" DOUBLE PRECISION,
    CONSTRAINT "channel_line_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "channel_line_instance_id_id_idx" ON "channel_line"("instance_id", "id");
ALTER TABLE "channel_line" ADD CONSTRAINT "channel_line_instance_id_fkey" FOREIGN KEY ("instance_id") REFERENCES "instance"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- The communication mechanism's own network. Neither its first nor its last address is anybody's, nor are those at which a guest finds
-- its host: 169.254.169.254 the service, and the two that QEMU's own network has in session mode.
INSERT INTO "network" ("name", "purpose", "subnet", "mode", "updated_at") VALUES ('communication', 'communication', '169.254.0.0/16', 'routed', now());
INSERT INTO "network_address" ("network_id", "offset", "note")
  SELECT "id", reserved.offset, reserved.note FROM "network",
    (VALUES (0, 'network address'), (43516, 'host, session mode'), (43517, 'host, session mode'), (43518, 'metadata service'), (65535, 'broadcast address')) AS reserved("offset", "note")
  WHERE "name" = 'communication';
