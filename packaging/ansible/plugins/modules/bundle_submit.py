#!/usr/bin/python
# Copyright (c) hsmboot contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""hsmboot submit: clusters are claimed by signed bundles."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: bundle_submit
short_description: Claim AWS CloudHSM clusters by signed bundles
version_added: 0.1.0
description:
  - Verifies each bundle and checks the pair again, sends InitializeCluster, and confirms what the service then reports.
  - Nothing in a bundle says whose CA it is, so name yours with O(ca), O(ca_fingerprints), O(expect) or O(expect_file).
extends_documentation_fragment:
  - hsmboot.cloudhsm.program
  - hsmboot.cloudhsm.program.account
  - hsmboot.cloudhsm.program.role
  - hsmboot.cloudhsm.program.timeout
  - hsmboot.cloudhsm.program.roots
  - hsmboot.cloudhsm.program.operator
attributes:
  check_mode:
    description: Runs C(hsmboot submit --dry-run), which does everything but InitializeCluster.
    support: full
  diff_mode:
    description: Shows which clusters are claimed.
    support: full
author:
  - hsmboot maintainers (!UNKNOWN)
options:
  bundles:
    description: The bundles.
    type: list
    elements: path
    required: true
  ca:
    description: Your own copy of the CA's certificate, or chain.
    type: path
  ca_fingerprints:
    description: The SHA-256 of your CA's certificate, and of a longer chain's root.
    type: list
    elements: str
    default: []
  expect:
    description: The fingerprint of the one response, as the other side reads it out.
    type: str
  expect_file:
    description: A list of fingerprints, with a cluster's id and its fingerprint on each line.
    type: path
"""

EXAMPLES = r"""
- name: Claim the clusters of two signed bundles
  hsmboot.cloudhsm.bundle_submit:
    bundles:
      - /media/usb/cluster-abc234defgh
      - /media/usb/cluster-abc234defg2
    ca: /etc/hsmboot/customerCA.crt
    region: eu-central-1
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
    ca=dict(type="path"),
    ca_fingerprints=dict(type="list", elements="str", default=[]),
    expect=dict(type="str"),
    expect_file=dict(type="path"),
)
SHARED = (
    program.ACCOUNT,
    program.ROLE,
    program.TIMEOUT,
    program.ROOTS,
    program.OPERATOR,
)


def main():
    """Submits."""
    module = AnsibleModule(
        argument_spec=program.spec(
            program.PROGRAM,
            *SHARED,
            OWN,
            bundles=dict(type="list", elements="path", required=True),
        ),
        mutually_exclusive=[("expect", "expect_file")],
        supports_check_mode=True,
    )
    given = program.options(module, OWN, *SHARED) + ["--yes"]
    if module.check_mode:
        given.append("--dry-run")
    outcome = program.run(module, "submit", given, module.params["bundles"])
    rows = outcome.rows or [outcome.document]
    if module.check_mode:
        fresh = [row["would_send"]["ClusterId"] for row in rows if row.get("would_send")]
    else:
        fresh = [row["cluster_id"] for row in rows if row.get("changed")]
    program.finish(
        module,
        outcome,
        changed=bool(fresh),
        diff=dict(
            before=program.side([(name, "nobody") for name in fresh]),
            after=program.side([(name, "this-ca") for name in fresh]),
        ),
    )


if __name__ == "__main__":
    main()
