#!/usr/bin/python
# Copyright (c) hsmboot contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""hsmboot fetch: the CSR and certificates of clusters."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cluster_request
short_description: Fetch the requests of AWS CloudHSM clusters into bundles
version_added: 0.1.0
description:
  - Fetches the CSR and the certificates of one or many clusters. The bundles then travel to the CA.
extends_documentation_fragment:
  - hsmboot.cloudhsm.program
  - hsmboot.cloudhsm.program.account
  - hsmboot.cloudhsm.program.role
  - hsmboot.cloudhsm.program.operator
attributes:
  check_mode:
    description: Fetches into a copy that is thrown away, and says what is other than before.
    support: full
  diff_mode:
    description: Shows the fingerprints of the requests.
    support: full
author:
  - hsmboot maintainers (!UNKNOWN)
options:
  cluster_ids:
    description: The clusters, each by its id or its ARN.
    type: list
    elements: str
    required: true
  bundle:
    description: The directory of the one bundle, or one file C(NAME.hsmboot).
    type: path
  into:
    description: The directory for the bundles, each in a directory of its cluster's id.
    type: path
  force:
    description: Replace files of other content.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Fetch the requests of two clusters
  hsmboot.cloudhsm.cluster_request:
    cluster_ids:
      - cluster-abc234defgh
      - cluster-abc234defg2
    into: /media/usb
    region: eu-central-1
  register: requests

- name: Read out the fingerprints
  ansible.builtin.debug:
    var: requests.fingerprints
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
fingerprints:
  description: The fingerprint of each request, by the cluster's id. The other side compares them.
  returned: success
  type: dict
  sample:
    cluster-abc234defgh: 72537 98570 19257 01749 78526 43856
"""

import os
import shutil
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hsmboot.cloudhsm.plugins.module_utils import program

PLACE = dict(
    bundle=dict(type="path"),
    into=dict(type="path"),
)
OWN = dict(
    force=dict(type="bool", default=False),
)
SHARED = (program.ACCOUNT, program.ROLE, program.OPERATOR)


def fetch(module, place, renamed=None):
    given = place + program.options(module, OWN, *SHARED)
    return program.run(module, "fetch", given, module.params["cluster_ids"], renamed=renamed)


def check(module):
    """Fetches into a copy of what is there."""
    ids = [name.rsplit("/", 1)[-1] for name in module.params["cluster_ids"]]
    option = "--bundle" if module.params["bundle"] else "--into"
    place = module.params["bundle"] or module.params["into"]
    named = place.rstrip("/")
    spare = tempfile.mkdtemp(dir=module.tmpdir)
    copy = os.path.join(spare, os.path.basename(named))
    try:
        if os.path.isfile(named):
            shutil.copy2(named, copy)
        elif option == "--bundle" and os.path.isdir(named):
            shutil.copytree(named, copy, symlinks=True)
        elif option == "--into":
            for name in ids:
                # What is no cluster's id, as `..`, the program refuses: it has no bundle here.
                if name.startswith("cluster-") and os.path.isdir(os.path.join(named, name)):
                    there = os.path.join(copy, name)
                    shutil.copytree(os.path.join(named, name), there, symlinks=True)
        return fetch(module, ["%s=%s" % (option, copy)], renamed={copy: named})
    finally:
        shutil.rmtree(spare, ignore_errors=True)


def main():
    """Fetches."""
    module = AnsibleModule(
        argument_spec=program.spec(
            program.PROGRAM,
            *SHARED,
            PLACE,
            OWN,
            cluster_ids=dict(type="list", elements="str", required=True),
        ),
        mutually_exclusive=[("bundle", "into")],
        required_one_of=[("bundle", "into")],
        supports_check_mode=True,
    )
    outcome = check(module) if module.check_mode else fetch(module, program.options(module, PLACE))
    rows = outcome.rows or [outcome.document]
    prints = [(row["cluster_id"], row["fingerprint"]) for row in rows if "fingerprint" in row]
    fresh = [(row["cluster_id"], row["fingerprint"]) for row in rows if row.get("changed")]
    program.finish(
        module,
        outcome,
        diff=dict(before="", after=program.side(fresh)),
        fingerprints=dict(prints),
    )


if __name__ == "__main__":
    main()
