#!/usr/bin/python
# Copyright (c) hsmboot contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""hsmboot plan: what would be done with each cluster, and why."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: cluster_plan
short_description: Show what would be done with AWS CloudHSM clusters
version_added: 0.1.0
description:
  - Reads only, needs no key, and its permission is C(cloudhsm:DescribeClusters) alone.
extends_documentation_fragment:
  - hsmboot.cloudhsm.program
  - hsmboot.cloudhsm.program.account
  - hsmboot.cloudhsm.program.role
  - hsmboot.cloudhsm.program.timeout
  - hsmboot.cloudhsm.program.roots
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
  cluster_ids:
    description: The clusters, each by its id or its ARN.
    type: list
    elements: str
    default: []
  fleet:
    description: A fleet file, with clusters, regions, roles and roots.
    type: path
  only:
    description: Only the clusters of the fleet file with these tags, each as C(KEY=VALUE).
    type: list
    elements: str
    default: []
  all:
    description: Every cluster of the account and region.
    type: bool
    default: false
  ca:
    description: Your CA's certificate, or chain. A fleet file may name it instead.
    type: path
"""

EXAMPLES = r"""
- name: Look at every cluster of a region
  hsmboot.cloudhsm.cluster_plan:
    all: true
    region: eu-central-1
    ca: /etc/hsmboot/customerCA.crt
  register: plan

- name: Fail where there is something to do
  ansible.builtin.assert:
    that: not plan.something_to_do
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
  description: A row a cluster, with C(action), C(why), C(owner), C(state) and C(failed_checks).
  returned: success
  type: list
  elements: dict
something_to_do:
  description: Whether any action is another than V(none).
  returned: success
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.hsmboot.cloudhsm.plugins.module_utils import program

SCOPE = dict(
    cluster_ids=dict(type="list", elements="str", default=[]),
)
OWN = dict(
    fleet=dict(type="path"),
    only=dict(type="list", elements="str", default=[]),
    all=dict(type="bool", default=False),
    ca=dict(type="path"),
)
SHARED = (program.ACCOUNT, program.ROLE, program.TIMEOUT, program.ROOTS)


def main():
    """Plans."""
    module = AnsibleModule(
        argument_spec=program.spec(program.PROGRAM, *SHARED, SCOPE, OWN),
        supports_check_mode=True,
    )
    given = program.options(module, OWN, *SHARED)
    outcome = program.run(module, "plan", given, module.params["cluster_ids"])
    program.finish(
        module,
        outcome,
        clusters=outcome.rows,
        something_to_do=any(row["action"] != "none" for row in outcome.rows),
    )


if __name__ == "__main__":
    main()
