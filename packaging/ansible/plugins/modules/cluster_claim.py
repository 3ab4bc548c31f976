#!/usr/bin/python
# Copyright (c) hsmboot contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""hsmboot bootstrap: a cluster is claimed."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cluster_claim
short_description: Claim an AWS CloudHSM cluster
version_added: 0.1.0
description:
  - Fetches the CSR, proves that a genuine HSM made it, signs it with your CA, claims the cluster and confirms it.
  - A cluster that this CA has claimed already is left as it is. One that another CA has claimed is a failure.
extends_documentation_fragment:
  - hsmboot.cloudhsm.program
  - hsmboot.cloudhsm.program.account
  - hsmboot.cloudhsm.program.role
  - hsmboot.cloudhsm.program.timeout
  - hsmboot.cloudhsm.program.roots
  - hsmboot.cloudhsm.program.key
  - hsmboot.cloudhsm.program.operator
attributes:
  check_mode:
    description: Runs C(hsmboot plan), which only reads and needs no key. What a claim would fail at fails here too.
    support: full
  diff_mode:
    description: Shows the owner before and after.
    support: full
author:
  - hsmboot maintainers (!UNKNOWN)
options:
  cluster_id:
    description: The cluster, by its id.
    type: str
    required: true
  ca:
    description: Your CA's certificate, or chain. It names the owner.
    type: path
  ca_arn:
    description: In place of O(ca) and O(ca_key), a CA in AWS Private CA. Check mode then skips the task, since a plan needs the CA's certificate.
    type: str
  ca_fingerprints:
    description: With O(ca_arn), the SHA-256 of its certificate, which names the owner; of a longer chain, its root's too.
    type: list
    elements: str
  bundle:
    description: The directory to work in. By default one with the cluster's id, in the working directory.
    type: path
  days:
    description: The days that the signed certificate lasts.
    type: int
"""

EXAMPLES = r"""
- name: Claim a cluster, and try again what passes by itself
  hsmboot.cloudhsm.cluster_claim:
    cluster_id: cluster-abc234defgh
    region: eu-central-1
    ca: /etc/hsmboot/customerCA.crt
    ca_key: /etc/hsmboot/customerCA.key
    passphrase: "{{ ca_passphrase }}"
  register: claim
  retries: 5
  delay: 30
  until: claim is succeeded or not claim.retryable

- name: Claim one with a CA in AWS Private CA
  hsmboot.cloudhsm.cluster_claim:
    cluster_id: cluster-abc234defg2
    ca_arn: arn:aws:acm-pca:eu-central-1:111122223333:certificate-authority/1234abcd-12ab-34cd-56ef-1234567890ab
    ca_fingerprints: ["{{ ca_sha256 }}"]
"""

RETURN = r"""
code:
  description: The program's exit code.
  returned: always
  type: int
  sample: 0
document:
  description: The program's JSON document, as docs/schemas of the project has it.
  returned: always
  type: dict
error:
  description: The document's C(error) with C(code), C(kind), C(retry), C(message) and C(hint), or null.
  returned: always
  type: dict
failed_checks:
  description: The ids of the checks that failed.
  returned: always
  type: list
  elements: str
retryable:
  description: Whether the same task may be run again as it is. Never after a failed verification.
  returned: always
  type: bool
summary:
  description: What happened, in one line.
  returned: always
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hsmboot.cloudhsm.plugins.module_utils import program

OWN = dict(
    cluster_id=dict(type="str", required=True),
    ca=dict(type="path"),
    ca_arn=dict(type="str"),
    ca_fingerprints=dict(type="list", elements="str"),
    bundle=dict(type="path"),
    days=dict(type="int"),
)
PLAN = (program.ACCOUNT, program.ROLE, program.TIMEOUT, program.ROOTS)


def owner(row_owner, state):
    return program.side([("owner", row_owner), ("state", state)])


def check(module):
    """What a run would do, by the plan."""
    if not module.params["ca"]:
        # A plan says whose a cluster is by the CA's certificate, and that is in AWS alone.
        module.exit_json(
            changed=False, skipped=True, msg="with ca_arn there is no plan: its certificate is not here"
        )
    given = program.options(module, dict(ca=OWN["ca"]), *PLAN)
    outcome = program.run(module, "plan", given, [module.params["cluster_id"]])
    if outcome.has_failed:
        program.fail(module, outcome)
    row = outcome.rows[0]
    if row["action"] not in ("none", "wait", "claim"):
        program.fail(module, outcome, "%s: %s" % (row["action"], row["why"]))
    before = owner(row.get("owner"), row.get("state"))
    program.finish(
        module,
        outcome,
        changed=row["action"] != "none",
        diff=dict(before=before, after=owner("this-ca", "INITIALIZED")),
    )


def main():
    """Claims the cluster."""
    module = AnsibleModule(
        argument_spec=program.spec(program.PROGRAM, *PLAN, program.KEY, program.OPERATOR, **OWN),
        mutually_exclusive=[
            ("ca", "ca_arn"),
            ("ca_key", "ca_arn"),
            ("passphrase", "passphrase_file", "passphrase_command"),
        ],
        required_one_of=[("ca", "ca_arn")],
        required_by=dict(ca_arn="ca_fingerprints"),
        supports_check_mode=True,
    )
    if module.check_mode:
        check(module)
    given = program.options(module, OWN, *PLAN, program.KEY, program.OPERATOR) + ["--yes"]
    outcome = program.run(module, "bootstrap", given, with_passphrase=True)
    after = owner("this-ca", outcome.document.get("state"))
    before = owner("nobody", "UNINITIALIZED")
    program.finish(module, outcome, diff=dict(before=before, after=after))


if __name__ == "__main__":
    main()
