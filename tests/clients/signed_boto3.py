#!/usr/bin/env python3
"""boto3's signatures against a simulator that demands them: the right ones are taken, and the errors have their names.

Usage: signed_boto3.py URL. The simulator knows AKIDLASTING (its secret is `s3cr3t/+=`), AKIDOTHER (`other`, account 000000000002) and
ASIASESSION (`passing`, with the token `token-of-the-session`). Ends with 0 if everything was as it must be.
"""

import datetime
import sys

import boto3
import botocore.auth
from botocore import UNSIGNED
from botocore.config import Config

from protocols_boto3 import refused, speak, spoken


def client(url, key="AKIDLASTING", secret="s3cr3t/+=", token=None, region="eu-west-1", **settings):
    return boto3.client(
        "cloudhsmv2",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        config=Config(retries={"max_attempts": 0}, **settings),
    )


def at(url, minutes):
    """A client whose clock is wrong: botocore takes the time from one function."""
    now = botocore.auth.get_current_datetime

    def elsewhere(**arguments):
        return now(**arguments) + datetime.timedelta(minutes=minutes)

    botocore.auth.get_current_datetime = elsewhere
    try:
        return refused("RequestExpired", client(url).describe_clusters)
    finally:
        botocore.auth.get_current_datetime = now


def ids(hsm):
    return [cluster["ClusterId"] for cluster in hsm.describe_clusters()["Clusters"]]


def signatures(url, protocol):
    hsm = client(url)
    assert spoken(hsm) == protocol, spoken(hsm)
    made = hsm.create_cluster(HsmType="hsm2m.medium", Mode="FIPS", SubnetIds=["subnet-0a1b2c3d"])["Cluster"]
    assert isinstance(made["CreateTimestamp"], datetime.datetime), made
    assert made["ClusterId"] in ids(hsm)
    # Another account and another region see nothing of it.
    assert made["ClusterId"] not in ids(client(url, "AKIDOTHER", "other"))
    assert made["ClusterId"] not in ids(client(url, region="us-east-1"))
    ids(client(url, "ASIASESSION", "passing", "token-of-the-session"))

    refused("InvalidSignatureException", client(url, secret="wrong").describe_clusters)
    refused("InvalidClientTokenId", client(url, key="AKIDUNKNOWN").describe_clusters)
    refused("InvalidClientTokenId", client(url, "ASIASESSION", "passing", "another token").describe_clusters)
    refused("InvalidClientTokenId", client(url, "ASIASESSION", "passing").describe_clusters)
    error = refused("MissingAuthenticationToken", client(url, signature_version=UNSIGNED).describe_clusters)
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403, error.response
    for minutes in (-20, 20):
        at(url, minutes)


def main():
    [url] = sys.argv[1:]
    for protocol in ("json", "cbor"):
        assert speak(protocol), f"this boto3 does not speak {protocol}"
        signatures(url, protocol)
    print("signed with boto3", boto3.__version__)


if __name__ == "__main__":
    main()
