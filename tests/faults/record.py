"""Writes figures into a page, between the marks of their table."""

import collections
import json
import pathlib
import re

KINDS = {
    "kills": "`kill -9` as a system call begins",
    "cuts": "a power cut: what was not synced is lost",
    "full": "a full disk: a call about a file fails with ENOSPC or EDQUOT, once or from then on",
    "io": "a disk that fails: the same with EIO",
    "clock": "a clock that jumps by a minute up to 9000 years, either way",
    "network": "the connection to the service is reset, closed, held or slow from some octet on",
}


def add(file, counts, seed, seconds, commit):
    """Adds a run's figures to a file."""
    counts = {key if isinstance(key, str) else ": ".join(key): number for key, number in counts.items()}
    with open(file, "a") as figures:
        print(json.dumps({"seed": seed, "commit": commit, "seconds": round(seconds), "counts": counts}), file=figures)


def struck(run, kind):
    return run["counts"].get(kind, 0) + run["counts"].get(f"{kind}: findings", 0)


def faults(file):
    """The table of all runs in a file."""
    runs = [json.loads(line) for line in pathlib.Path(file).read_text().splitlines()]
    counts = sum((collections.Counter(run["counts"]) for run in runs), collections.Counter())
    seeds = ", ".join(f"{run['seed']} ({', '.join(kind for kind in KINDS if struck(run, kind))}; commit {run.get('commit', 'not noted')})" for run in runs)
    minutes = sum(run["seconds"] for run in runs) / 60
    rows = [f"Seeds {seeds}; {minutes:.0f} minutes.", "", "| what | times | how the struck command ended | findings |", "| --- | --- | --- | --- |"]
    for kind, what in KINDS.items():
        ends = [(key.removeprefix(f"{kind}: "), number) for key, number in sorted(counts.items()) if key.startswith(f"{kind}: ")]
        findings = counts[f"{kind}: findings"]
        if counts[kind] or findings:
            said = ", ".join(f"{how}: {number}" for how, number in ends if how not in ("findings", "drawn anew"))
            rows.append(f"| {what} | {counts[kind] + findings} | {said} | {findings} |")
    return "\n".join(rows)


def write(page, name, table):
    page = pathlib.Path(page)
    text, found = re.subn(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", lambda marks: f"{marks[1]}{table}\n{marks[2]}",
                          page.read_text(), flags=re.DOTALL)
    if found != 1:
        raise SystemExit(f"{page} has no table of {name}")
    page.write_text(text)
