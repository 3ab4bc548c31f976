// A cluster's whole life, its backup's included, with the AWS SDK for JavaScript; the owner's CA is the openssl command.
//
// Usage: node lifecycle.mjs URL. Ends with 0 if everything was as it must be. The SDK is found beside this file or by NODE_PATH.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

// `import` looks at no NODE_PATH, `require` does.
const sdk = createRequire(import.meta.url)("@aws-sdk/client-cloudhsm-v2");

const [url] = process.argv.slice(2);
const client = (region) =>
  new sdk.CloudHSMV2Client({
    endpoint: url,
    region,
    credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "any" },
    maxAttempts: 1,
  });
const here = client("us-east-1");
const send = (action, input = {}, by = here) => by.send(new sdk[`${action}Command`](input));

/** That the call is refused with the SDK's own class of that name. */
async function refused(exception, action, input) {
  await assert.rejects(send(action, input), (error) => {
    assert.ok(error instanceof sdk[exception], `${action}: expected ${exception}, found ${error.name}: ${error.message}`);
    assert.equal(error.name, exception);
    assert.equal(error.$fault, exception === "CloudHsmInternalFailureException" ? "server" : "client");
    assert.ok(error.$metadata.requestId, "every answer has a request id");
    return true;
  });
}

/** What `look` finds once it finds something, for ten minutes at least: then it never comes. */
async function until(wanted, look) {
  for (let tries = 0; tries < 6000; tries += 1) {
    const found = await look();
    if (found) return found;
    await sleep(100);
  }
  throw new Error(`${wanted} never came`);
}

async function cluster(ClusterId) {
  const { Clusters } = await send("DescribeClusters", { Filters: { clusterIds: [ClusterId] } });
  assert.equal(Clusters.length, 1);
  return Clusters[0];
}

const clusterThat = (id, wanted, fits) =>
  until(wanted, async () => {
    const now = await cluster(id);
    return fits(now) && now;
  });

async function backups(input, by) {
  return (await send("DescribeBackups", input, by)).Backups;
}

/** The owner's CA, and the certificate that it makes of the CSR. */
function certify(csr, directory) {
  const at = (name) => join(directory, name);
  const openssl = (...line) => execFileSync("openssl", line, { stdio: ["ignore", "ignore", "ignore"] });
  writeFileSync(at("cluster.csr"), csr);
  openssl("req", "-new", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3652", "-subj", "/CN=an owner of clusters", "-keyout", at("ca.key"), "-out", at("ca.crt"));
  openssl("x509", "-req", "-days", "3652", "-in", at("cluster.csr"), "-CA", at("ca.crt"), "-CAkey", at("ca.key"), "-CAcreateserial", "-out", at("cluster.crt"));
  return { SignedCert: readFileSync(at("cluster.crt"), "utf8"), TrustAnchor: readFileSync(at("ca.crt"), "utf8") };
}

async function claim(directory) {
  const { Cluster } = await send("CreateCluster", {
    HsmType: "hsm2m.medium",
    Mode: "FIPS",
    SubnetIds: ["subnet-0a1b2c3d", "subnet-0a1b2c3e"],
    BackupRetentionPolicy: { Type: "DAYS", Value: "30" },
    TagList: [{ Key: "stage", Value: "test" }],
  });
  const ClusterId = Cluster.ClusterId;
  assert.equal(Cluster.State, "CREATE_IN_PROGRESS");
  assert.ok(Cluster.CreateTimestamp instanceof Date && Cluster.CreateTimestamp.getFullYear() >= 2020, "a time is a time");
  await clusterThat(ClusterId, "UNINITIALIZED", (now) => now.State === "UNINITIALIZED");

  const [AvailabilityZone] = Object.keys(Cluster.SubnetMapping);
  const { Hsm } = await send("CreateHsm", { ClusterId, AvailabilityZone });
  assert.equal(Hsm.State, "CREATE_IN_PROGRESS");
  const { Certificates } = await clusterThat(ClusterId, "a CSR", (now) => now.Certificates.ClusterCsr);
  assert.deepEqual(Object.keys(Certificates).sort(), ["AwsHardwareCertificate", "ClusterCsr", "HsmCertificate", "ManufacturerHardwareCertificate"]);

  const pair = certify(Certificates.ClusterCsr, directory);
  await refused("CloudHsmInvalidRequestException", "InitializeCluster", { ClusterId, SignedCert: pair.TrustAnchor, TrustAnchor: pair.SignedCert });
  const initialized = await send("InitializeCluster", { ClusterId, ...pair });
  assert.equal(initialized.State, "INITIALIZE_IN_PROGRESS");
  const claimed = await clusterThat(ClusterId, "INITIALIZED", (now) => now.State === "INITIALIZED");
  assert.deepEqual(claimed.Certificates, { ClusterCertificate: pair.SignedCert });
  return { ClusterId, HsmId: Hsm.HsmId };
}

async function changed(ClusterId) {
  const { Cluster } = await send("ModifyCluster", { ClusterId, BackupRetentionPolicy: { Type: "DAYS", Value: "100" } });
  assert.equal(Cluster.BackupRetentionPolicy.Value, "100");
  await clusterThat(ClusterId, "the end of the change", (now) => now.State === "INITIALIZED" || now.State === "ACTIVE");

  await send("TagResource", { ResourceId: ClusterId, TagList: [{ Key: "owner", Value: "ops" }, { Key: "stage", Value: "live" }] });
  await send("UntagResource", { ResourceId: ClusterId, TagKeyList: ["owner"] });
  assert.deepEqual((await send("ListTags", { ResourceId: ClusterId })).TagList, [{ Key: "stage", Value: "live" }]);
}

/** Deleting a cluster's HSM leaves a backup; it is copied, kept, deleted, restored, and a cluster is made of it. */
async function backedUp({ ClusterId, HsmId }) {
  await send("DeleteHsm", { ClusterId, HsmId });
  await clusterThat(ClusterId, "a cluster without HSMs", (now) => now.Hsms.length === 0);
  const ofCluster = { Filters: { clusterIds: [ClusterId], states: ["READY"] } };
  const { BackupId } = await until("a READY backup", async () => (await backups(ofCluster))[0]);

  const there = client("eu-west-1");
  const { DestinationBackup } = await send("CopyBackupToRegion", { BackupId, DestinationRegion: "eu-west-1" });
  assert.equal(DestinationBackup.SourceBackup, BackupId);
  assert.equal(DestinationBackup.SourceRegion, "us-east-1");
  const copy = await until("the copy", async () => (await backups({ Filters: { sourceBackupIds: [BackupId], states: ["READY"] } }, there))[0]);
  assert.equal(copy.SourceCluster, ClusterId);

  assert.equal((await send("ModifyBackupAttributes", { BackupId, NeverExpires: true })).Backup.NeverExpires, true);
  assert.equal((await send("DeleteBackup", { BackupId })).Backup.BackupState, "PENDING_DELETION");
  assert.equal((await send("RestoreBackup", { BackupId })).Backup.BackupId, BackupId);
  await until("the restored backup", async () => (await backups(ofCluster))[0]);

  const { Cluster } = await send("CreateCluster", { HsmType: "hsm2m.medium", Mode: "FIPS", SubnetIds: ["subnet-0a1b2c3d"], SourceBackupId: BackupId });
  assert.equal(Cluster.SourceBackupId, BackupId);
  return Cluster.ClusterId;
}

async function ended(ClusterId) {
  await clusterThat(ClusterId, "a cluster that lasts", (now) => !now.State.endsWith("_IN_PROGRESS"));
  await send("DeleteCluster", { ClusterId });
  await clusterThat(ClusterId, "DELETED", (now) => now.State === "DELETED");
}

const directory = mkdtempSync(join(tmpdir(), "lifecycle-"));
try {
  await refused("CloudHsmResourceNotFoundException", "DeleteCluster", { ClusterId: "cluster-abcdefghijk" });
  await refused("CloudHsmInvalidRequestException", "DeleteCluster", { ClusterId: "cluster-1" });
  const life = await claim(directory);
  await changed(life.ClusterId);
  const restored = await backedUp(life);
  await ended(restored);
  await ended(life.ClusterId);
  const pages = sdk.paginateDescribeClusters({ client: here, pageSize: 1 }, {});
  const met = [];
  for await (const page of pages) met.push(...page.Clusters.map((one) => one.ClusterId));
  assert.deepEqual(met, [life.ClusterId, restored]);
  console.log(`lived with the SDK for JavaScript on node ${process.version}`);
} finally {
  rmSync(directory, { recursive: true });
}
