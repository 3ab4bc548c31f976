# Copyright (c) hsmboot contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""What the modules' documentation shares."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of all modules, and of some."""

    DOCUMENTATION = r"""
options:
  program:
    description: The program, by name or path.
    type: path
    default: hsmboot
requirements:
  - hsmboot on the machine that the task runs on
notes:
  - The exit code and the JSON document of C(hsmboot) carry the meaning, see RV(ignore:code).
"""

    ACCOUNT = r"""
options:
  region:
    description: The AWS region. By default the AWS SDK's environment and files say it.
    type: str
  profile:
    description: A profile of the AWS configuration.
    type: str
  endpoint_url:
    description: Another endpoint, such as a VPC endpoint or a simulator.
    type: str
"""

    ROLE = r"""
options:
  assume_role:
    description: The ARN of a role to assume first, with the credentials that there are.
    type: str
"""

    TIMEOUT = r"""
options:
  timeout:
    description: The time limit of the command, in seconds, or a number with V(s), V(m) or V(h).
    type: str
"""

    ROOTS = r"""
options:
  aws_roots:
    description: Files with roots for the AWS chain, in place of the built-in one.
    type: list
    elements: path
    default: []
  manufacturer_roots:
    description: Files with roots for the manufacturer's chain, in place of the built-in one.
    type: list
    elements: path
    default: []
  accept:
    description: Failing checks to accept. Only those that can be waived, and only with O(reason).
    type: list
    elements: str
    default: []
  reason:
    description: Why they are accepted. It is recorded.
    type: str
"""

    KEY = r"""
options:
  ca_key:
    description: The CA's private key, a file, a C(pkcs11:) URI or C(awskms:) and a key's ARN.
    type: str
  passphrase:
    description:
      - The key's passphrase, or the token's PIN. Only the first line counts.
      - It reaches the program through a pipe. It is no argument, in no environment, and not logged.
    type: str
  passphrase_file:
    description: A file on that machine whose first line is the passphrase.
    type: path
  passphrase_command:
    description:
      - A command of the shell on that machine whose first line of output is the passphrase, such as a secret manager's.
      - It is not logged.
    type: str
  pkcs11_module:
    description: The vendor's PKCS#11 library.
    type: path
"""

    OPERATOR = r"""
options:
  operator:
    description: The name of who does this step, for the bundle's transcript.
    type: str
"""
