"""Times `hsmboot sign` against the documented openssl commands, turn by turn: what benches/against-openssl.sh calls once all is built.

Every program is spawned directly, without a shell around it, and timed from before it is spawned until it has ended. Prints JSON.
"""

import json
import os
import statistics
import subprocess
import sys
import time

work, rounds = sys.argv[1], int(sys.argv[2])
programs = dict(zip(sys.argv[3::2], sys.argv[4::2]))
bundle = f"{work}/bundle"
(csr,) = [name for name in os.listdir(bundle) if name.endswith("_ClusterCsr.csr")]
cluster = csr.removesuffix("_ClusterCsr.csr")
QUIET = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0), (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)]


def run(words, to=None, may_fail=False):
    """Runs one program."""
    actions = QUIET if to is None else [(os.POSIX_SPAWN_OPEN, 1, to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), QUIET[1]]
    pid = os.posix_spawnp(words[0], words, os.environ, file_actions=actions)
    _, status = os.waitpid(pid, 0)
    if status and not may_fail:
        sys.exit(f"{words} ended with {os.waitstatus_to_exitcode(status)}")


def peak(words):
    """A program's peak memory in KiB, by GNU time. What is spawned from here counts as having been as large as this program."""
    measured = subprocess.run(["/usr/bin/time", "--format", "%M", *words], check=True, capture_output=True, text=True)
    return int(measured.stderr.split()[-1])


def part(name):
    return f"{bundle}/{cluster}_{name}"


def documented():
    """The AWS guide: "Verify HSM Identity" (two verify, two public keys, diff), then "Initialize the cluster" (x509 -req). Current openssl
    rejects the chains (docs/verification.md); it does its work all the same, so its outcome is left aside here."""
    out = f"{work}/out"
    for side, hardware in (("aws", "AwsHardwareCertificate.crt"), ("manufacturer", "ManufacturerHardwareCertificate.crt")):
        run(["cat", part(hardware), f"{work}/{side}-root.crt"], to=f"{out}.{side}-chain")
    for side in ("aws", "manufacturer"):
        run(["openssl", "verify", "-CAfile", f"{out}.{side}-chain", part("HsmCertificate.crt")], may_fail=True)
    run(["openssl", "x509", "-in", part("HsmCertificate.crt"), "-pubkey", "-noout"], to=f"{out}.hsm.pub")
    run(["openssl", "req", "-in", part("ClusterCsr.csr"), "-pubkey", "-noout"], to=f"{out}.csr.pub")
    run(["diff", f"{out}.hsm.pub", f"{out}.csr.pub"])
    run(["openssl", "x509", "-req", "-days", "3652", "-in", part("ClusterCsr.csr"), "-CA", f"{work}/ca/customerCA.crt", "-CAkey",
         f"{work}/ca/customerCA.key", "-CAcreateserial", "-out", f"{out}.signed.crt"])


ROOTS = ["--aws-root", f"{work}/aws-root.crt", "--manufacturer-root", f"{work}/manufacturer-root.crt", "--quiet"]


def sign(program):
    return [program, "sign", bundle, "--ca", f"{work}/ca/customerCA.crt", "--ca-key", f"{work}/ca/customerCA.key", *ROOTS]


def fresh():
    """Each turn signs a bundle that is not signed yet."""
    for name in os.listdir(bundle):
        if name.endswith((".json", ".jsonl")) or "Customer" in name or name == "customerCA.crt":
            os.unlink(f"{bundle}/{name}")
    for name in os.listdir(work):
        if name.startswith("out."):
            os.unlink(f"{work}/{name}")


def timed(work_to_do):
    fresh()
    began = time.perf_counter()
    work_to_do()
    return (time.perf_counter() - began) * 1000


times = {name: [] for name in ["openssl", "true", *programs]}
for _ in range(rounds):
    times["openssl"].append(timed(documented))
    times["true"].append(timed(lambda: run(["/bin/true"])))
    for name, program in programs.items():
        times[name].append(timed(lambda: run(sign(program))))

median = {name: statistics.median(each) for name, each in times.items()}
json.dump(
    {
        "rounds": rounds,
        "openssl_ms": round(median["openssl"], 2),
        "empty_process_ms": round(median["true"], 2),
        "programs": [
            {
                "name": name,
                "sign_ms": round(median[name], 2),
                # Of the medians; and of the turns one by one, the middle half.
                "ratio": round(median["openssl"] / median[name], 1),
                "ratio_quartiles": [round(q, 1) for q in statistics.quantiles(
                    [a / b for a, b in zip(times["openssl"], times[name])], n=4)[::2]],
                "sign_peak_kib": fresh() or peak(sign(program)),
                "verify_peak_kib": peak([program, "verify", bundle, *ROOTS]),
            }
            for name, program in programs.items()
        ],
    },
    sys.stdout,
    indent=2,
)
print()
