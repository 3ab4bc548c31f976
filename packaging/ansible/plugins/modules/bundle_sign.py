#!/usr/bin/python
# Copyright (c) hsmboot contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""hsmboot sign: bundles are verified, and signed by your CA."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: bundle_sign
short_description: Verify bundles, and sign their CSRs with your CA
version_added: 0.1.0
description:
  - Verifies each bundle first, and signs with one passphrase, PIN or login for all. One that fails hides no other.
  - A bundle that this CA has signed for this CSR is left as it is.
extends_documentation_fragment:
  - hsmboot.cloudhsm.program
  - hsmboot.cloudhsm.program.account
  - hsmboot.cloudhsm.program.roots
  - hsmboot.cloudhsm.program.key
  - hsmboot.cloudhsm.program.operator
attributes:
  check_mode:
    description: Runs C(hsmboot verify), which needs no key, and C(hsmboot check) on what is signed, in a directory or one file. Fingerprints are not compared.
    support: full
  diff_mode:
    description: Shows which bundles are signed.
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
    description: The CA's certificate, or its chain.
    type: path
  ca_arn:
    description: The CA in AWS Private CA, in place of O(ca) and O(ca_key).
    type: str
  ca_fingerprints:
    description: The SHA-256 of the certificate of O(ca_arn).
    type: list
    elements: str
  expect:
    description: The fingerprint of the one request, as the other side reads it out.
    type: str
  expect_file:
    description: A list of fingerprints, with a cluster's id and its fingerprint on each line.
    type: path
  days:
    description: The days that the signed certificates last.
    type: int
  seal:
    description: Seal the transcripts with the CA's key.
    type: bool
    default: false
  force:
    description: Sign again, over files of other content.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Sign two bundles, after their fingerprints were compared
  hsmboot.cloudhsm.bundle_sign:
    bundles:
      - /media/usb/cluster-abc234defgh
      - /media/usb/cluster-abc234defg2
    ca: /ca/customerCA.crt
    ca_key: /ca/customerCA.key
    passphrase: "{{ ca_passphrase }}"
    expect_file: /ca/fingerprints.txt
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
  description: The fingerprint of each response, by the cluster's id. Empty in check mode.
  returned: success
  type: dict
"""

import glob
import os
import shutil
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hsmboot.cloudhsm.plugins.module_utils import program

OWN = dict(
    ca=dict(type="path"),
    ca_arn=dict(type="str"),
    ca_fingerprints=dict(type="list", elements="str"),
    expect=dict(type="str"),
    expect_file=dict(type="path"),
    days=dict(type="int"),
    seal=dict(type="bool", default=False),
    force=dict(type="bool", default=False),
)
SHARED = (program.ACCOUNT, program.ROOTS, program.KEY, program.OPERATOR)
# CSR, signed certificate and CA do not belong together.
UNFIT = 3


def judgement(module, bundle, renamed=None):
    """What the program says of the signed certificate in a directory; None where there is none."""
    signed = glob.glob(os.path.join(glob.escape(bundle), "*_CustomerHsmCertificate.crt"))
    if len(signed) != 1:
        return None
    csr = signed[0].replace("_CustomerHsmCertificate.crt", "_ClusterCsr.csr")
    anchor = module.params["ca"] or os.path.join(bundle, "customerCA.crt")
    given = ["--csr=" + csr, "--signed-cert=" + signed[0], "--ca=" + anchor]
    return program.run(module, "check", given, renamed=renamed)


def judgement_of_file(module, bundle):
    """The same of a bundle in one file: it is unpacked, and that is thrown away."""
    spare = tempfile.mkdtemp(dir=module.tmpdir)
    place = os.path.join(spare, "bundle")
    renamed = {place: bundle}
    try:
        outcome = program.run(module, "unpack", [], [bundle, place], renamed=renamed)
        return outcome if outcome.has_failed else judgement(module, place, renamed)
    finally:
        shutil.rmtree(spare, ignore_errors=True)


def is_signed(module, bundle):
    """Whether the bundle is signed, by this CA and for this CSR, as the program judges it."""
    judge = judgement_of_file if os.path.isfile(bundle) else judgement
    outcome = judge(module, bundle)
    if outcome is None:
        return False
    # What is another CA's is dropped by force.
    if outcome.code == UNFIT and module.params["force"]:
        return False
    if outcome.has_failed:
        program.fail(module, outcome, about=bundle)
    return True


def check(module):
    """What a run would sign."""
    bundles = module.params["bundles"]
    outcome = program.run(module, "verify", program.options(module, program.ROOTS), bundles)
    if outcome.has_failed:
        program.fail(module, outcome)
    open_ones = [bundle for bundle in bundles if not is_signed(module, bundle)]
    before = [(bundle, "not signed") for bundle in open_ones]
    after = [(bundle, "signed") for bundle in open_ones]
    program.finish(
        module,
        outcome,
        changed=bool(open_ones),
        diff=dict(before=program.side(before), after=program.side(after)),
        fingerprints={},
    )


def main():
    """Signs."""
    module = AnsibleModule(
        argument_spec=program.spec(
            program.PROGRAM,
            *SHARED,
            OWN,
            bundles=dict(type="list", elements="path", required=True),
        ),
        mutually_exclusive=[
            ("ca", "ca_arn"),
            ("expect", "expect_file"),
            ("passphrase", "passphrase_file", "passphrase_command"),
        ],
        required_one_of=[("ca", "ca_arn")],
        required_by=dict(ca="ca_key", ca_arn="ca_fingerprints"),
        supports_check_mode=True,
    )
    if module.check_mode:
        check(module)
    given = program.options(module, OWN, *SHARED)
    outcome = program.run(module, "sign", given, module.params["bundles"], with_passphrase=True)
    rows = [row for row in outcome.rows or [outcome.document] if "response_fingerprint" in row]
    fresh = [row for row in rows if row.get("changed")]
    before = [(row["bundle"], "not signed") for row in fresh]
    after = [(row["bundle"], "signed") for row in fresh]
    program.finish(
        module,
        outcome,
        diff=dict(before=program.side(before), after=program.side(after)),
        fingerprints=dict((row["cluster_id"], row["response_fingerprint"]) for row in rows),
    )


if __name__ == "__main__":
    main()
