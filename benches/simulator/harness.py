#!/usr/bin/env python3
"""What `benches/against-moto.sh` needs beside wrk: clusters to describe, memory, and the time to the first answer.

    harness.py fill URL CLUSTERS HSMS   creates clusters, the first HSMS of them with an ACTIVE HSM and its certificates
    harness.py memory BINARY CLUSTERS HSMS
    harness.py start BINARY RUNS
"""

import http.client
import json
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

CREDENTIAL = "Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/cloudhsm/aws4_request"
HEADERS = {
    "Content-Type": "application/x-amz-json-1.1",
    "X-Amz-Date": "20260101T000000Z",
    "Authorization": f"AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}",
}
# Key pairs are made two at a time, a good part of a second each.
HSM_LIMIT_SECONDS = 600


class Client:
    """One connection that is kept, where the server keeps it."""

    def __init__(self, url):
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        self.octets = 0

    def call(self, action, **members):
        headers = HEADERS | {"X-Amz-Target": f"BaldrApiService.{action}"}
        self.connection.request("POST", "/", json.dumps(members), headers)
        answer = self.connection.getresponse()
        body = answer.read()
        self.octets = len(body)
        if answer.status != 200:
            sys.exit(f"{action}: HTTP {answer.status}: {body.decode(errors='replace')}")
        return json.loads(body)

    def cluster(self, cluster_id):
        [found] = self.call("DescribeClusters", Filters={"clusterIds": [cluster_id]})["Clusters"]
        return found

    def until(self, cluster_id, wanted, done):
        limit = time.monotonic() + HSM_LIMIT_SECONDS
        while not done(self.cluster(cluster_id)):
            if time.monotonic() > limit:
                sys.exit(f"{cluster_id}: {wanted} never came")
            time.sleep(0.01)


def fill(url, clusters, hsms):
    client = Client(url)
    made = []
    for number in range(clusters):
        members = {"HsmType": "hsm2m.medium", "Mode": "NON_FIPS", "SubnetIds": [f"subnet-{number % 100:08x}"]}
        made.append(client.call("CreateCluster", **members, TagList=[{"Key": "Name", "Value": f"number {number}"}])["Cluster"]["ClusterId"])
    for cluster_id in made[:hsms]:
        client.until(cluster_id, "UNINITIALIZED", lambda now: now["State"] == "UNINITIALIZED")
        client.call("CreateHsm", ClusterId=cluster_id, AvailabilityZone="us-east-1a")
    for cluster_id in made[:hsms]:
        client.until(cluster_id, "a CSR", lambda now: "ClusterCsr" in now["Certificates"])
    return client


@contextmanager
def simulate(binary):
    child = subprocess.Popen([binary, "simulate", "--instant"], stdout=subprocess.PIPE, text=True)
    try:
        yield child, child.stdout.readline().strip().removeprefix("listening on ")
    finally:
        child.kill()
        child.wait()


def resident_mib(pid, kind):
    with open(f"/proc/{pid}/status") as status:
        [line] = [line for line in status if line.startswith(kind)]
    return int(line.split()[1]) / 1024


def memory(binary, clusters, hsms):
    with simulate(binary) as (child, url):
        empty = resident_mib(child.pid, "VmRSS:")
        fill(url, clusters, hsms)
        now, peak = resident_mib(child.pid, "VmRSS:"), resident_mib(child.pid, "VmHWM:")
    with_hsms = f", {hsms} of them with an ACTIVE HSM" if hsms else ""
    print(f"{clusters} clusters{with_hsms}: {now:.1f} MiB resident (peak {peak:.1f}; {empty:.1f} when empty)")


def start(binary, runs):
    """From before the process is made to the first DescribeClusters that is answered."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        with simulate(binary) as (_, url):
            assert Client(url).call("DescribeClusters") == {"Clusters": []}
            times.append((time.perf_counter() - began) * 1000)
    print(f"start to first answer, {runs} runs: median {statistics.median(times):.1f} ms, longest {max(times):.1f} ms")


def main():
    match sys.argv[1:]:
        case ["fill", url, clusters, hsms]:
            client = fill(url, int(clusters), int(hsms))
            count = len(client.call("DescribeClusters")["Clusters"])
            print(f"{count} clusters, {hsms} with an HSM's certificates: an answer of {client.octets} octets")
        case ["memory", binary, clusters, hsms]:
            memory(binary, int(clusters), int(hsms))
        case ["start", binary, runs]:
            start(binary, int(runs))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
