"""Writes figures into a page, between the marks of their table."""

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


def faults(counts, seed, seconds):
    rows = [f"Seed {seed}, {seconds / 60:.0f} minutes.", "", "| what | times | how the struck command ended | findings |", "| --- | --- | --- | --- |"]
    for kind, what in KINDS.items():
        ends = ", ".join(f"{key[1]}: {number}" for key, number in sorted(counts.items(), key=str)
                         if isinstance(key, tuple) and key[0] == kind and key[1] != "findings")
        if counts[kind] or counts[kind, "findings"]:
            rows.append(f"| {what} | {counts[kind] + counts[kind, 'findings']} | {ends} | {counts[kind, 'findings']} |")
    return "\n".join(rows)


def write(page, name, table):
    page = pathlib.Path(page)
    text, found = re.subn(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", lambda marks: f"{marks[1]}{table}\n{marks[2]}",
                          page.read_text(), flags=re.DOTALL)
    if found != 1:
        raise SystemExit(f"{page} has no table of {name}")
    page.write_text(text)
