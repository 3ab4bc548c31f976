"""Runs of the program under strace: what it asks of the kernel, and what is done to it there."""

import collections
import re
import subprocess

# What changes files, or puts them on the disk.
WRITING = (
    "openat open creat write pwrite64 writev copy_file_range sendfile linkat link renameat renameat2 rename unlinkat unlink rmdir"
    " mkdirat mkdir ftruncate fsync fdatasync fchmod"
).split()
# What a descriptor stands for follows from these too.
FOLLOWED = [*WRITING, "close", "fcntl", "dup", "dup2", "dup3", "lseek"]

Call = collections.namedtuple("Call", "thread name arguments result")


def run(words, cwd, env, log, traced, inject=None):
    """Runs a command under strace, and returns its end. `inject`: what strace is to do, as its option has it."""
    options = ["strace", "-f", "-qq", "-y", "-xx", "-s", "4000000", "-o", str(log), "-e", "trace=" + ",".join(traced)]
    if inject:
        options += ["-e", "inject=" + inject]
    return subprocess.run(options + words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)


def calls(log):
    """Reads what strace wrote: the calls in the order of their ends. One that never ended is left out."""
    begun = {}
    with open(log, encoding="latin-1") as lines:
        for line in lines:
            thread, _, rest = line.rstrip("\n").partition(" ")
            rest = rest.lstrip()
            if rest.endswith("<unfinished ...>"):
                begun[thread] = rest.removesuffix("<unfinished ...>")
                continue
            resumed = re.match(r"<\.\.\. \w+ resumed>", rest)
            if resumed:
                rest = begun.pop(thread, "") + rest[resumed.end():]
            matched = re.match(r"(\w+)\((.*)\)\s+= (.*)$", rest)
            if matched and not matched[3].startswith("?"):
                yield Call(thread, *matched.groups())


def injected(log):
    """The calls that strace has made fail."""
    return [call for call in calls(log) if call.result.endswith("(INJECTED)")]


def killed(log):
    """Whether strace has seen the program end by SIGKILL."""
    with open(log, encoding="latin-1") as lines:
        return any(line.rstrip().endswith("+++ killed by SIGKILL +++") for line in lines)


def numbered(log):
    """The calls of a run with the number by which strace knows each: those of a name are counted in each thread."""
    counts = collections.Counter()
    for call in calls(log):
        counts[call.thread, call.name] += 1
        yield counts[call.thread, call.name], call


def text(hexadecimal):
    """What strace shows as \\x2f\\x74…"""
    return bytes.fromhex(hexadecimal.replace("\\x", "")).decode("utf-8", "surrogateescape")


def strings(arguments):
    """The texts among a call's arguments, in order."""
    return [bytes.fromhex(found.replace("\\x", "")) for found in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', arguments)]


def descriptor(argument):
    """The number that an argument begins with, and the path that strace saw behind it."""
    matched = re.match(r"(-?\d+|AT_FDCWD)(?:<((?:\\x[0-9a-f]{2})*)>)?", argument)
    if not matched:
        return None, None
    return matched[1], text(matched[2]) if matched[2] else None
