# Copyright (c) hsmboot contributors
# SPDX-License-Identifier: MIT OR Apache-2.0
"""Runs hsmboot, and says what its exit code and its document mean in Ansible.

Nothing is decided here: `changed` is the document's, `retryable` is the exit code's (and, for 6,
the document's `error.retry`).
"""

from __future__ import annotations

import json
import os
import shutil

# What may be run again as it is: not finished in time (7), or stopped by a signal.
UNFINISHED = (7, 129, 130, 131, 143)
# The service refused, or cannot be reached: the document says which.
SERVICE = 6

PROGRAM = dict(program=dict(type="path", default="hsmboot"))
ACCOUNT = dict(
    region=dict(type="str"),
    profile=dict(type="str"),
    endpoint_url=dict(type="str"),
)
ROLE = dict(assume_role=dict(type="str"))
TIMEOUT = dict(timeout=dict(type="str"))
ROOTS = dict(
    aws_roots=dict(type="list", elements="path", default=[]),
    manufacturer_roots=dict(type="list", elements="path", default=[]),
    accept=dict(type="list", elements="str", default=[]),
    reason=dict(type="str"),
)
KEY = dict(
    ca_key=dict(type="str", no_log=False),
    passphrase=dict(type="str", no_log=True),
    passphrase_file=dict(type="path", no_log=False),
    passphrase_command=dict(type="str", no_log=True),
    pkcs11_module=dict(type="path"),
)
OPERATOR = dict(operator=dict(type="str"))

# The parameters that are options of the program under another name.
OPTIONS = {
    "aws_roots": "aws-root",
    "manufacturer_roots": "manufacturer-root",
    "ca_fingerprints": "ca-fingerprint",
}


def spec(*groups, **more):
    """Puts a module's argument spec together."""
    merged = {}
    for group in groups + (more,):
        merged.update(group)
    return merged


def options(module, *groups):
    """Returns the command line's options for the parameters of these groups that are given.

    Each is one word with its value, so that no value is an option of its own.
    """
    words = []
    for name in (name for group in groups for name in group):
        value = module.params.get(name)
        if name in ("program", "passphrase") or value is None or value is False:
            continue
        option = "--" + OPTIONS.get(name, name.replace("_", "-"))
        if value is True:
            words.append(option)
            continue
        for one in value if isinstance(value, list) else [value]:
            # A key is a path or a URI, so Ansible has not expanded it as it does paths.
            one = os.path.expanduser(one) if name == "ca_key" else one
            words.append("%s=%s" % (option, one))
    return words


class Outcome:
    """What a run came to: the exit code, the document, and what they mean."""

    def __init__(self, code, stdout, stderr):
        self.code = code
        try:
            self.document = json.loads(stdout)
        except ValueError:
            self.document = {}
        if not isinstance(self.document, dict):
            self.document = {}
        self.error = self.document.get("error")
        if self.error is None and (code != 0 or not self.document):
            said = stderr.strip() or "hsmboot ended with %d and said nothing" % code
            self.error = dict(code=code, kind=None, retry=None, message=said, hint="")

    @property
    def has_failed(self):
        return self.error is not None

    @property
    def is_retryable(self):
        if self.code == SERVICE:
            return self.error.get("retry") == "same-command"
        return self.code in UNFINISHED

    @property
    def rows(self):
        """The results one by one, where there are several."""
        return self.document.get("clusters") or self.document.get("bundles") or []

    @property
    def failed_checks(self):
        """The checks that failed, of all clusters or bundles, each once."""
        found = []
        for part in [self.document] + self.rows:
            facts = (part.get("error") or {}).get("facts") or {}
            for check in facts.get("checks", []) + part.get("failed_checks", []):
                if check not in found:
                    found.append(check)
        return found

    @property
    def summary(self):
        if self.has_failed:
            return self.error["message"].split("\n")[0]
        return self.document.get("summary", "")


def run(module, command, given, names=(), with_passphrase=False, renamed=None):
    """Runs a command of the program with these options on these names, and returns the outcome.

    A name, whatever it begins with, is no option: all stand behind `--`. A passphrase goes through
    a pipe: it is no argument, and in no environment.
    """
    program = module.params["program"]
    found = os.path.abspath(program) if os.sep in program else shutil.which(program)
    if found is None or not os.access(found, os.X_OK):
        message = "%s is not on this machine" % program
        fail(module, Outcome(1, "", message))
    argv = [found, command] + given + ["--output=json", "--quiet"]
    passphrase = module.params.get("passphrase") if with_passphrase else None
    handed = []
    if passphrase is not None:
        reader, writer = os.pipe()
        # More than a pipe holds is no passphrase; the program refuses it.
        os.set_blocking(writer, False)
        os.write(writer, passphrase.encode("utf-8") + b"\n")
        os.close(writer)
        handed = [reader]
        argv.append("--passphrase-fd=%d" % reader)
    if names:
        argv += ["--"] + list(names)
    try:
        # The words as they are: Ansible would put the environment's secrets in the place of `$NAME`.
        code, stdout, stderr = module.run_command(
            argv, pass_fds=handed or None, expand_user_and_vars=False
        )
    finally:
        for descriptor in handed:
            os.close(descriptor)
    for there, here in (renamed or {}).items():
        # In the document they are strings of JSON.
        stdout = stdout.replace(json.dumps(there)[1:-1], json.dumps(here)[1:-1])
        stderr = stderr.replace(there, here)
    # A process that a signal ended has its negative number here, and 128 more in a shell.
    return Outcome(code if code >= 0 else 128 - code, stdout, stderr)


def fail(module, outcome, message=None, about=None):
    """Ends the module: failed. What the outcome is about, its message may not name."""
    words = [message or outcome.error["message"]]
    if about is not None:
        words[0] = "%s: %s" % (about, words[0])
    if not message and outcome.error.get("hint"):
        words.append("hint: " + outcome.error["hint"])
    if outcome.failed_checks:
        words.append("failing checks: " + ", ".join(outcome.failed_checks))
    module.fail_json(
        msg="\n".join(words),
        changed=any(row.get("changed") is True for row in outcome.rows),
        code=outcome.code,
        retryable=outcome.is_retryable,
        error=outcome.error,
        summary=message or outcome.summary,
        failed_checks=outcome.failed_checks,
        document=outcome.document,
    )


def finish(module, outcome, changed=None, diff=None, **more):
    """Ends the module as the outcome says. In check mode the caller says what would change."""
    if outcome.has_failed:
        fail(module, outcome)
    changed = bool(outcome.document.get("changed")) if changed is None else changed
    if module._diff and diff is not None:
        more["diff"] = diff if changed else dict(before="", after="")
    module.exit_json(
        changed=changed,
        code=outcome.code,
        retryable=False,
        error=None,
        summary=outcome.summary,
        failed_checks=outcome.failed_checks,
        document=outcome.document,
        **more
    )


def side(rows):
    """One side of a diff: a line a row."""
    return "".join("%s: %s\n" % row for row in rows)
