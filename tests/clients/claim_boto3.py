#!/usr/bin/env python3
"""A cluster's whole life with boto3 alone; the owner's CA is the openssl command.

Usage: claim_boto3.py URL [json|cbor]: the protocol to speak; boto3's own choice unless given. Ends with 0 if everything was as it must be.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3
from botocore.config import Config

from protocols_boto3 import refused, speak, spoken

CERTIFICATES = ["AwsHardwareCertificate", "ClusterCsr", "HsmCertificate", "ManufacturerHardwareCertificate"]


def client(url, region="us-east-1", **settings):
    return boto3.client(
        "cloudhsmv2",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="any",
        config=Config(retries={"max_attempts": 0}, **settings),
    )


def openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, f"openssl {arguments[0]}: {done.stderr}"
    return done.stdout


def until(hsm, cluster_id, wanted, done):
    """Describes the cluster until `done`, for ten minutes at least: then it never comes."""
    for _ in range(6000):
        [cluster] = hsm.describe_clusters(Filters={"clusterIds": [cluster_id]})["Clusters"]
        if done(cluster):
            return cluster
        time.sleep(0.1)
    raise AssertionError(f"{wanted} never came; the cluster is {cluster}")


def in_state(state):
    return lambda cluster: cluster["State"] == state


def constraints(url):
    """What the server refuses when the client does not look first."""
    hsm = client(url, parameter_validation=False)
    for call, arguments in [
        (hsm.create_cluster, {"HsmType": "hsm2m.medium"}),
        (hsm.create_cluster, {"HsmType": "hsm2m.medium", "Mode": "FIPS", "SubnetIds": []}),
        (hsm.create_hsm, {"ClusterId": "cluster-1", "AvailabilityZone": "us-east-1a"}),
        (hsm.describe_clusters, {"MaxResults": 26}),
        (hsm.initialize_cluster, {"ClusterId": "cluster-abcdefghijk", "SignedCert": "A" * 20_001, "TrustAnchor": "A"}),
        (hsm.delete_hsm, {"ClusterId": "cluster-abcdefghijk"}),
        (hsm.delete_cluster, {}),
    ]:
        refused("CloudHsmInvalidRequestException", call, **arguments)
    error = refused("CloudHsmResourceNotFoundException", hsm.delete_cluster, ClusterId="cluster-abcdefghijk")
    assert isinstance(error, hsm.exceptions.CloudHsmResourceNotFoundException)


def certify(csr, directory):
    """A CA of the owner's, and the certificate it makes of the CSR: the AWS guide's commands, without a passphrase."""
    key, ca, request, signed = (directory / name for name in ["ca.key", "ca.crt", "cluster.csr", "cluster.crt"])
    request.write_text(csr)
    openssl("req", "-in", request, "-noout", "-verify")
    openssl("genrsa", "-out", key, "2048")
    openssl("req", "-new", "-x509", "-days", "3652", "-key", key, "-out", ca, "-subj", "/CN=an owner of clusters")
    openssl("x509", "-req", "-days", "3652", "-in", request, "-CA", ca, "-CAkey", key, "-CAcreateserial", "-out", signed)
    openssl("verify", "-CAfile", ca, signed)
    return signed.read_text(), ca.read_text()


def claim(url):
    hsm = client(url)
    cluster = hsm.create_cluster(
        HsmType="hsm2m.medium",
        Mode="FIPS",
        SubnetIds=["subnet-0a1b2c3d", "subnet-0a1b2c3e"],
        BackupRetentionPolicy={"Type": "DAYS", "Value": "30"},
        TagList=[{"Key": "stage", "Value": "test"}],
    )["Cluster"]
    cluster_id = cluster["ClusterId"]
    assert cluster["State"] == "CREATE_IN_PROGRESS", cluster
    assert cluster["CreateTimestamp"].year >= 2020, cluster
    until(hsm, cluster_id, "UNINITIALIZED", in_state("UNINITIALIZED"))

    [zone, _] = sorted(cluster["SubnetMapping"])
    first = hsm.create_hsm(ClusterId=cluster_id, AvailabilityZone=zone)["Hsm"]
    assert first["State"] == "CREATE_IN_PROGRESS", first
    cluster = until(hsm, cluster_id, "a CSR", lambda now: "ClusterCsr" in now["Certificates"])
    assert sorted(cluster["Certificates"]) == CERTIFICATES, cluster["Certificates"]
    assert [one["State"] for one in cluster["Hsms"]] == ["ACTIVE"], cluster["Hsms"]

    with tempfile.TemporaryDirectory() as directory:
        signed, anchor = certify(cluster["Certificates"]["ClusterCsr"], Path(directory))
    refused(
        "CloudHsmInvalidRequestException", hsm.initialize_cluster,
        ClusterId=cluster_id, SignedCert=anchor, TrustAnchor=anchor,
    )
    answer = hsm.initialize_cluster(ClusterId=cluster_id, SignedCert=signed, TrustAnchor=anchor)
    assert answer["State"] == "INITIALIZE_IN_PROGRESS", answer
    assert answer["StateMessage"].startswith("Cluster is initializing."), answer
    cluster = until(hsm, cluster_id, "INITIALIZED", in_state("INITIALIZED"))
    assert cluster["Certificates"] == {"ClusterCertificate": signed}, cluster["Certificates"]

    [address] = [one["EniIp"] for one in cluster["Hsms"]]
    second = hsm.create_hsm(ClusterId=cluster_id, AvailabilityZone=zone)["Hsm"]
    refused("CloudHsmInvalidRequestException", hsm.delete_cluster, ClusterId=cluster_id)
    hsm.delete_hsm(ClusterId=cluster_id, HsmId=second["HsmId"])
    assert hsm.delete_hsm(ClusterId=cluster_id, EniIp=address)["HsmId"] == first["HsmId"]
    until(hsm, cluster_id, "an empty cluster", lambda now: not now["Hsms"])
    assert hsm.delete_cluster(ClusterId=cluster_id)["Cluster"]["State"] == "DELETE_IN_PROGRESS"
    until(hsm, cluster_id, "DELETED", in_state("DELETED"))


def pages(url):
    """boto3's own paginator meets every cluster once, and no other region's."""
    hsm = client(url, region="eu-central-1")
    made = [
        hsm.create_cluster(HsmType="hsm2m.medium", Mode="FIPS", SubnetIds=["subnet-0a1b2c3d"])["Cluster"]["ClusterId"] for _ in range(7)
    ]
    paginator = hsm.get_paginator("describe_clusters")
    found = [one["ClusterId"] for page in paginator.paginate(PaginationConfig={"PageSize": 3}) for one in page["Clusters"]]
    assert found == made, (found, made)


def main():
    [url, *protocol] = sys.argv[1:]
    for one in protocol:
        assert speak(one), f"this boto3 does not speak {one}"
        assert spoken(client(url)) == one, spoken(client(url))
    constraints(url)
    claim(url)
    pages(url)
    print("claimed with boto3", boto3.__version__)


if __name__ == "__main__":
    main()
