"""`hsmboot simulate`, and what one asks of it."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from local import DIRECT, HANGS, eventually


class Refused(Exception):
    """The answer was not 200."""


def post(url, body, headers=()):
    request = urllib.request.Request(url, json.dumps(body).encode(), dict(headers))
    try:
        with DIRECT.open(request, timeout=HANGS) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        raise Refused(error.read().decode()) from None


class Simulator:
    """`hsmboot simulate`, of an edition of the service."""

    def __init__(self, program, listen="127.0.0.1:0", reference="today", more=()):
        self.order = {"HsmType": "hsm2m.medium", "Mode": "FIPS"} if reference == "today" else {"HsmType": "hsm1.medium"}
        command = [program, "simulate", "--listen", listen, "--reference", reference, *more]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline().strip()
        assert line.startswith("listening on "), line
        self.url = line.removeprefix("listening on ")

    def call(self, action, body, region="us-east-1"):
        scope = f"AKIDEXAMPLE/20260101/{region}/cloudhsm/aws4_request"
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"BaldrApiService.{action}",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00",
        }
        return post(self.url + "/", body, headers)

    def refused(self, action, body):
        try:
            self.call(action, body)
        except (Refused, OSError):
            return
        raise AssertionError(f"{action} was not refused")

    def control(self, command, body):
        return post(f"{self.url}/_control/{command}", body, {"Content-Type": "application/json"})

    def cluster(self, tags=(), region="us-east-1", subnets=1):
        ids = [f"subnet-0a1b2c{number}d" for number in range(3, 3 + subnets)]
        body = {**self.order, "SubnetIds": ids}
        if tags:
            body["TagList"] = [{"Key": key, "Value": value} for key, value in tags]
        return self.call("CreateCluster", body, region)["Cluster"]["ClusterId"]

    def hsm(self, cluster, region="us-east-1", zone="a"):
        eventually("the cluster", lambda: self.state(cluster) != "CREATE_IN_PROGRESS")
        return self.call("CreateHsm", {"ClusterId": cluster, "AvailabilityZone": region + zone}, region)["Hsm"]["HsmId"]

    def describe(self, cluster, region="us-east-1"):
        return self.call("DescribeClusters", {"Filters": {"clusterIds": [cluster]}}, region)["Clusters"][0]

    def state(self, cluster):
        """As the page is told it: such requests are not listed."""
        places = self.all()["places"]
        return next((one["state"] for place in places for one in place["clusters"] if one["id"] == cluster), None)

    def all(self):
        """All that the page is told."""
        with DIRECT.open(self.url + "/_page/data", timeout=HANGS) as answer:
            return json.loads(answer.read())

    def csr(self, cluster, region="us-east-1"):
        def there():
            with DIRECT.open(f"{self.url}/_page/certificates?cluster={cluster}", timeout=HANGS) as answer:
                return any(node["id"] == "ClusterCsr" for node in json.loads(answer.read())["nodes"])

        eventually("a CSR", there)
        return self.describe(cluster, region)["Certificates"]["ClusterCsr"]

    def backup(self, cluster, region="us-east-1"):
        """An ACTIVE cluster is backed up every day: one passes."""
        self.control("advance", {"Seconds": 86400})

        def made():
            backups = self.call("DescribeBackups", {"Filters": {"clusterIds": [cluster], "states": ["READY"]}}, region)["Backups"]
            return backups and backups[0]["BackupId"]

        return eventually("a backup", made)

    def initialize(self, cluster, directory, region="us-east-1", owner="Example Corp"):
        """The guide's own commands, then InitializeCluster."""
        path = lambda name: os.path.join(directory, name)
        Path(path("cluster.csr")).write_text(self.csr(cluster, region))
        openssl = lambda *arguments: subprocess.run(["openssl", *arguments], check=True, capture_output=True)
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3652", "-subj", f"/O={owner}/CN=Example CloudHSM CA",
                "-keyout", path("ca.key"), "-out", path("ca.crt"))
        openssl("x509", "-req", "-days", "3652", "-in", path("cluster.csr"), "-CA", path("ca.crt"), "-CAkey", path("ca.key"), "-CAcreateserial",
                "-out", path("cluster.crt"))
        texts = {"SignedCert": Path(path("cluster.crt")).read_text(), "TrustAnchor": Path(path("ca.crt")).read_text()}
        self.call("InitializeCluster", {"ClusterId": cluster, **texts}, region)
        eventually("INITIALIZED", lambda: self.state(cluster) == "INITIALIZED")

    def stop(self):
        self.process.kill()
        self.process.wait()
