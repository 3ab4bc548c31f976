#!/usr/bin/env python3
"""Every action of the API with boto3: each parameter refused by the server, and a life in which each action does its work.

Usage: every_action_boto3.py URL. Ends with 0 if everything was as it must be.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

from claim_boto3 import certify, client, in_state, until

INVALID = "CloudHsmInvalidRequestException"
NOT_FOUND = "CloudHsmResourceNotFoundException"
# A member of another JSON type could not be read at all: no error of CloudHSM's own, but one that every AWS JSON service has.
UNREADABLE = "SerializationException"

CLUSTER, BACKUP, HSM = "cluster-abcdefghijk", "backup-abcdefghijk", "hsm-abcdefghijk"
ARN = f"arn:aws:cloudhsm:us-east-1:123456789012:backup/{BACKUP}"
TAG = {"Key": "stage", "Value": "test"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})

# Arguments of each action that meet every constraint; the ids are of nothing that exists.
WELL_FORMED = {
    "CopyBackupToRegion": {"DestinationRegion": "eu-west-1", "BackupId": BACKUP},
    "CreateCluster": {"HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": ["subnet-0a1b2c3d"]},
    "CreateHsm": {"ClusterId": CLUSTER, "AvailabilityZone": "us-east-1a"},
    "DeleteBackup": {"BackupId": BACKUP},
    "DeleteCluster": {"ClusterId": CLUSTER},
    "DeleteHsm": {"ClusterId": CLUSTER, "HsmId": HSM},
    "DeleteResourcePolicy": {"ResourceArn": ARN},
    "DescribeBackups": {},
    "DescribeClusters": {},
    "GetResourcePolicy": {"ResourceArn": ARN},
    "InitializeCluster": {"ClusterId": CLUSTER, "SignedCert": "A", "TrustAnchor": "A"},
    "ListTags": {"ResourceId": CLUSTER},
    "ModifyBackupAttributes": {"BackupId": BACKUP, "NeverExpires": True},
    "ModifyCluster": {"ClusterId": CLUSTER, "BackupRetentionPolicy": {"Type": "DAYS", "Value": "30"}},
    "PutResourcePolicy": {"ResourceArn": ARN, "Policy": POLICY},
    "RestoreBackup": {"BackupId": BACKUP},
    "TagResource": {"ResourceId": CLUSTER, "TagList": [TAG]},
    "UntagResource": {"ResourceId": CLUSTER, "TagKeyList": ["stage"]},
}

# What each parameter must not be, by name; by action and name where actions differ. `None` leaves it out.
TAG_LISTS = [
    [],
    [{"Key": f"key {number}", "Value": ""} for number in range(51)],
    [{"Value": "no key"}],
    [{"Key": "no value"}],
    [{"Key": "", "Value": ""}],
    [{"Key": "k" * 129, "Value": ""}],
    [{"Key": "semi;colon", "Value": ""}],
    [{"Key": "stage", "Value": "v" * 257}],
    [{"Key": "stage", "Value": "semi;colon"}],
]
NOT_ALLOWED = {
    "AvailabilityZone": ["us-east-1", "us-east-1aa", "", None],
    "BackupId": ["backup-1", "backup-abcdefghij1", CLUSTER, None],
    "BackupRetentionPolicy": [{"Type": "WEEKS", "Value": "30"}, *({"Type": "DAYS", "Value": value} for value in ["6", "380", "", "many", "0030"])],
    "ClusterId": ["cluster-1", "cluster-abcdefghij1", "cluster-" + "a" * 17, BACKUP, None],
    "DestinationRegion": ["eu-west", "europe", "us-east-1", None],
    "EniId": ["eni-1", "eni-0a1b2c3g"],
    "EniIp": ["10.0.0", "10.0.0.0.1", "ten"],
    "Filters": [{"colour": ["red"]}, {"cluster ids": ["x"]}],
    "HsmId": ["hsm-1", CLUSTER],
    "HsmType": ["hsm1.medium", "hsm3x.large", "medium", "hsm1.medium" * 3, ""],
    "IpAddress": ["10.0.0", "10.0.0.0.1", "ten"],
    "MaxResults": [0, -1],
    "Mode": ["FIPS_140", "", None],
    "NetworkType": ["IPV6", ""],
    "NextToken": ["A" * 257, "forged"],
    "Policy": ["", "not JSON", "A" * 20_001, None],
    "ResourceArn": [BACKUP, ARN.replace("backup/", ""), ARN.replace("cloudhsm", "kms"), None],
    "ResourceId": ["cluster-1", "backup-1", HSM, None],
    "SignedCert": ["A" * 20_001, "colon: colon", "under_score", None],
    "SourceBackupId": ["backup-1", CLUSTER],
    "SubnetIds": [[], ["subnet-1"], ["subnet-0a1b2c3g"], [f"subnet-{number:08x}" for number in range(11)], ["subnet-0a1b2c3d"] * 2, None],
    "TagKeyList": [[], ["k"] * 51, [""], ["k" * 129], ["semi;colon"], None],
    "TagList": TAG_LISTS,
    "TrustAnchor": ["A" * 20_001, "colon: colon", "under_score", None],
}
NOT_ALLOWED_IN = {
    ("CreateCluster", "HsmType"): [*NOT_ALLOWED["HsmType"], None],
    ("DescribeBackups", "MaxResults"): [0, 51],
    ("DescribeClusters", "MaxResults"): [0, 26],
    ("ListTags", "MaxResults"): [0, 101],
    ("TagResource", "TagList"): [*TAG_LISTS, None],
    ("ModifyBackupAttributes", "NeverExpires"): [None],
    # Of a cluster that is not there the type is no matter; its form is.
    ("ModifyCluster", "HsmType"): ["medium", "hsm1.medium" * 3, ""],
    ("ModifyCluster", "BackupRetentionPolicy"): [*NOT_ALLOWED["BackupRetentionPolicy"], None],
}
# A boolean has no other constraint than its type.
UNREADABLE_AS = {"NeverExpires": ["yes"], "Shared": ["yes", 1], "SortAscending": ["yes", 0]}


def refused(hsm, code, action, arguments):
    """That boto3 raises its own class of that name, where the model has one."""
    method = {made: name for name, made in hsm.meta.method_to_api_mapping.items()}[action]
    try:
        getattr(hsm, method)(**arguments)
    except ClientError as error:
        found = error.response["Error"]
        shown = f"{action} {str(arguments)[:300]}"
        assert found["Code"] == code, f"{shown}: expected {code}, found {found}"
        assert found["Message"], shown
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400, shown
        if code != UNREADABLE:
            assert isinstance(error, getattr(hsm.exceptions, code)), shown
        return
    raise AssertionError(f"{action} {str(arguments)[:300]}: expected {code}, but the call went through")


def every_parameter_is_judged_by_the_server(url):
    """boto3 looks at nothing here: what is refused, the server has refused."""
    hsm = client(url, parameter_validation=False)
    count = 0
    for action in hsm.meta.service_model.operation_names:
        base = WELL_FORMED[action]
        for name in hsm.meta.service_model.operation_model(action).input_shape.members:
            invalid = NOT_ALLOWED_IN.get((action, name), NOT_ALLOWED.get(name, []))
            unreadable = UNREADABLE_AS.get(name, [])
            assert invalid or unreadable, f"no value is tried for {action}.{name}"
            for code, values in [(INVALID, invalid), (UNREADABLE, unreadable)]:
                for value in values:
                    arguments = {**base, name: value}
                    if value is None:
                        del arguments[name]
                    refused(hsm, code, action, arguments)
                    count += 1
    return count


def what_does_not_exist_is_not_found(url):
    hsm = client(url)
    for action, arguments in WELL_FORMED.items():
        if action in hsm.meta.service_model.operation_names and action not in ["CreateCluster", "DescribeBackups", "DescribeClusters"]:
            refused(hsm, NOT_FOUND, action, arguments)
    refused(hsm, NOT_FOUND, "CreateCluster", WELL_FORMED["CreateCluster"] | {"SourceBackupId": BACKUP})


class Counted:
    """A client that remembers which actions went through."""

    def __init__(self, hsm):
        self.hsm, self.actions = hsm, set()
        hsm.meta.events.register("after-call.cloudhsm-v2", self.note)
        hsm.meta.events.register("after-call.cloudhsmv2", self.note)

    def note(self, model, http_response, **_):
        if http_response.status_code == 200:
            self.actions.add(model.name)


def backup_that(hsm, wanted, filters, fits=bool):
    """The first backup that the filters find, once there is one, for ten minutes at least: then it never comes."""
    for _ in range(6000):
        found = hsm.describe_backups(Filters=filters)["Backups"]
        if found and fits(found[0]):
            return found[0]
        time.sleep(0.1)
    raise AssertionError(f"{wanted} never came; there is {found}")


def tags_of(hsm, resource):
    return [(tag["Key"], tag["Value"]) for tag in hsm.list_tags(ResourceId=resource)["TagList"]]


def claimed_cluster(hsm):
    cluster = hsm.create_cluster(**WELL_FORMED["CreateCluster"], TagList=[TAG])["Cluster"]
    cluster_id = cluster["ClusterId"]
    until(hsm, cluster_id, "UNINITIALIZED", in_state("UNINITIALIZED"))
    made = hsm.create_hsm(ClusterId=cluster_id, AvailabilityZone="us-east-1a")["Hsm"]
    csr = until(hsm, cluster_id, "a CSR", lambda now: "ClusterCsr" in now["Certificates"])["Certificates"]["ClusterCsr"]
    with tempfile.TemporaryDirectory() as directory:
        signed, anchor = certify(csr, Path(directory))
    hsm.initialize_cluster(ClusterId=cluster_id, SignedCert=signed, TrustAnchor=anchor)
    until(hsm, cluster_id, "INITIALIZED", in_state("INITIALIZED"))
    return cluster_id, made["HsmId"]


def tags_and_changes(hsm, cluster_id):
    assert tags_of(hsm, cluster_id) == [("stage", "test")]
    hsm.tag_resource(ResourceId=cluster_id, TagList=[{"Key": "stage", "Value": "live"}, {"Key": "owner", "Value": "ops"}])
    assert tags_of(hsm, cluster_id) == [("stage", "live"), ("owner", "ops")]
    hsm.untag_resource(ResourceId=cluster_id, TagKeyList=["owner", "never there"])
    assert tags_of(hsm, cluster_id) == [("stage", "live")]
    policy = {"Type": "DAYS", "Value": "100"}
    assert hsm.modify_cluster(ClusterId=cluster_id, BackupRetentionPolicy=policy)["Cluster"]["BackupRetentionPolicy"] == policy
    assert until(hsm, cluster_id, "INITIALIZED", in_state("INITIALIZED"))["BackupRetentionPolicy"] == policy


def a_backup_and_its_copy(hsm, there, cluster_id, hsm_id):
    hsm.delete_hsm(ClusterId=cluster_id, HsmId=hsm_id)
    until(hsm, cluster_id, "an empty cluster", lambda now: not now["Hsms"])
    backup = backup_that(hsm, "a backup", {"clusterIds": [cluster_id], "states": ["READY"]})
    backup_id = backup["BackupId"]
    assert backup["CreateTimestamp"].year >= 2020 and backup["ClusterId"] == cluster_id, backup

    destination = hsm.copy_backup_to_region(DestinationRegion=there.meta.region_name, BackupId=backup_id, TagList=[TAG])["DestinationBackup"]
    assert (destination["SourceBackup"], destination["SourceCluster"]) == (backup_id, cluster_id), destination
    copy = backup_that(there, "the copy", {"sourceBackupIds": [backup_id], "states": ["READY"]})
    assert (copy["SourceRegion"], copy["SourceBackup"]) == (hsm.meta.region_name, backup_id), copy
    assert tags_of(there, copy["BackupId"]) == [("stage", "test")]
    return backup_id


def an_end_and_a_return(hsm, backup_id):
    assert hsm.modify_backup_attributes(BackupId=backup_id, NeverExpires=True)["Backup"]["NeverExpires"] is True
    going = hsm.delete_backup(BackupId=backup_id)["Backup"]
    assert going["BackupState"] == "PENDING_DELETION" and going["DeleteTimestamp"] > going["CreateTimestamp"], going
    refused(hsm, INVALID, "DeleteBackup", {"BackupId": backup_id})
    hsm.restore_backup(BackupId=backup_id)
    back = backup_that(hsm, "the restored backup", {"backupIds": [backup_id]}, lambda now: now["BackupState"] == "READY")
    assert "DeleteTimestamp" not in back, back


def a_policy(hsm, backup_id):
    arn = ARN.replace(BACKUP, backup_id)
    assert json.loads(hsm.put_resource_policy(ResourceArn=arn, Policy=POLICY)["Policy"]) == json.loads(POLICY)
    assert json.loads(hsm.get_resource_policy(ResourceArn=arn)["Policy"]) == json.loads(POLICY)
    assert hsm.delete_resource_policy(ResourceArn=arn)["ResourceArn"] == arn
    assert "Policy" not in hsm.get_resource_policy(ResourceArn=arn)


def every_action_does_its_work(url):
    hsm, there = client(url), client(url, region="eu-west-1")
    counted = Counted(hsm)
    cluster_id, hsm_id = claimed_cluster(hsm)
    tags_and_changes(hsm, cluster_id)
    backup_id = a_backup_and_its_copy(hsm, there, cluster_id, hsm_id)
    an_end_and_a_return(hsm, backup_id)
    a_policy(hsm, backup_id)

    restored = hsm.create_cluster(**WELL_FORMED["CreateCluster"], SourceBackupId=backup_id)["Cluster"]
    assert restored["SourceBackupId"] == backup_id, restored
    until(hsm, restored["ClusterId"], "a lasting state", lambda now: not now["State"].endswith("_IN_PROGRESS"))
    for each in [restored["ClusterId"], cluster_id]:
        assert hsm.delete_cluster(ClusterId=each)["Cluster"]["State"] == "DELETE_IN_PROGRESS"
        until(hsm, each, "DELETED", in_state("DELETED"))

    missed = set(hsm.meta.service_model.operation_names) - counted.actions
    assert not missed, f"never called with success: {sorted(missed)}"
    return len(counted.actions)


def main():
    [url] = sys.argv[1:]
    refusals = every_parameter_is_judged_by_the_server(url)
    what_does_not_exist_is_not_found(url)
    actions = every_action_does_its_work(url)
    print(f"{actions} actions, {refusals} refusals with boto3 {boto3.__version__}")


if __name__ == "__main__":
    main()
