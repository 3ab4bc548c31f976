#!/usr/bin/python
# Copyright (c) hsmboot contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""hsmboot status: clusters, and whose they are."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cluster_info
short_description: Show AWS CloudHSM clusters, and whose they are
version_added: 0.1.0
description:
  - Shows a cluster, or all of the region, and with O(ca) whose each is.
extends_documentation_fragment:
  - hsmboot.cloudhsm.program
  - hsmboot.cloudhsm.program.account
  - hsmboot.cloudhsm.program.role
attributes:
  check_mode:
    description: Reads only.
    support: full
  diff_mode:
    description: Nothing is changed, so there is nothing to show.
    support: none
author:
  - hsmboot maintainers (!UNKNOWN)
options:
  cluster_id:
    description: The cluster. By default all of the region.
    type: str
  ca:
    description: Your CA's certificate, or chain.
    type: path
"""

EXAMPLES = r"""
- name: Whose is it
  hsmboot.cloudhsm.cluster_info:
    cluster_id: cluster-abc234defgh
    region: eu-central-1
    ca: /etc/hsmboot/customerCA.crt
  register: info

- name: Go on only where it is ours
  ansible.builtin.assert:
    that: info.owners['cluster-abc234defgh'] == 'this-ca'
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
clusters:
  description: The clusters, as the service describes them.
  returned: success
  type: list
  elements: dict
owners:
  description: Whose each cluster is, by its id. Empty without O(ca).
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hsmboot.cloudhsm.plugins.module_utils import program

OWN = dict(
    cluster_id=dict(type="str"),
    ca=dict(type="path"),
)
SHARED = (program.ACCOUNT, program.ROLE)


def main():
    """Shows."""
    module = AnsibleModule(
        argument_spec=program.spec(program.PROGRAM, *SHARED, OWN),
        supports_check_mode=True,
    )
    outcome = program.run(module, "status", program.options(module, OWN, *SHARED))
    owners = outcome.document.get("owners") or []
    program.finish(
        module,
        outcome,
        clusters=outcome.rows,
        owners=dict((row["cluster_id"], row["owner"]) for row in owners),
    )


if __name__ == "__main__":
    main()
