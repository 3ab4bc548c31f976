"""Writes a bench's figures into docs/performance.md, between the comments that carry its name. The benches call it: nobody types figures."""

import datetime
import json
import platform
import re
import subprocess
import sys

PAGE = "docs/performance.md"


def machine():
    """What the figures were measured on, in one line."""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        names = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    version = lambda *words: subprocess.run(words, check=True, capture_output=True, text=True).stdout.split("\n")[0]
    rustc, openssl = (" ".join(version(*words).split()[:2]) for words in (("rustc", "--version"), ("openssl", "version")))
    today = datetime.date.today().isoformat()
    return f"Measured on {today} on {len(names)} cores of {names[0]}, Linux {platform.release().split('-')[0]}, with {rustc} and {openssl}."


def against_openssl(figures):
    lines = [
        f"{machine()} Medians of {figures['rounds']} turns.",
        "",
        "| what | time | against openssl | the middle half of the turns | peak memory of `sign` | of `verify` |",
        "| --- | --- | --- | --- | --- | --- |",
        f"| the documented openssl commands | {figures['openssl_ms']:.1f} ms | | | | |",
    ]
    for program in figures["programs"]:
        low, high = program["ratio_quartiles"]
        lines.append(
            f"| `hsmboot sign`, {program['name']} | {program['sign_ms']:.1f} ms | {program['ratio']} times faster | {low} to {high} "
            f"| {program['sign_peak_kib'] / 1024:.1f} MiB | {program['verify_peak_kib'] / 1024:.1f} MiB |"
        )
    lines.append(f"| a program that does nothing (`/bin/true`) | {figures['empty_process_ms']:.1f} ms | | | | |")
    return lines


def many_bundles(figures):
    return [
        f"{machine()}",
        "",
        f"| {figures['bundles']} bundles in one command | time |",
        "| --- | --- |",
        *[f"| `{step}` | {seconds:.1f} s |" for step, seconds in figures["seconds"].items()],
    ]


def against_moto(figures):
    ours, theirs = figures["hsmboot"], figures["moto"]
    without_label = lambda name: figures[name].partition(": ")[2]
    return [
        f"{machine()} Medians of {figures['rounds']} turns of {figures['seconds']} s (`benches/against-moto.sh {figures['seconds']} {figures['rounds']}`).",
        "",
        f"| what | hsmboot | moto {figures['version']} | aim |",
        "| --- | --- | --- | --- |",
        f"| DescribeClusters, requests per second | {ours['requests_per_second']:,} | {theirs['requests_per_second']:,} | |",
        f"| ratio | {ours['requests_per_second'] / theirs['requests_per_second']:.0f} | | at least 50 |",
        f"| p50 | {ours['p50_ms']} ms | {theirs['p50_ms']} ms | |",
        f"| p99 | {ours['p99_ms']} ms | {theirs['p99_ms']} ms | under 2 ms |",
        f"| memory of 10,000 clusters | {without_label('memory')} | | at most 200 MiB |",
        f"| the same, 100 of them with an ACTIVE HSM | {without_label('memory_with_hsms')} | | |",
        f"| start to first answer, 20 runs | {without_label('start')} | | under 50 ms |",
    ]


# What judging may take, as a multiple of the bare signature checks in it.
AIM_OF_JUDGING = 1.1


def cargo_bench(figures):
    def time(nanoseconds):
        value, unit = (nanoseconds / 1e3, "µs") if nanoseconds < 500e3 else (nanoseconds / 1e6, "ms")
        return f"{value:.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}" if value >= 1 else f"{value:.2f} {unit}"

    benches = dict(figures)
    judging, checks = benches.pop("verify_bundle"), benches.pop("bare_signature_checks")
    return [
        f"{machine()} Medians (`benches/engine.sh`).",
        "",
        "| bench | time |",
        "| --- | --- |",
        f"| `verify_bundle` | {time(judging)} |",
        f"| `bare_signature_checks`, the five signature checks in it | {time(checks)} |",
        f"| ratio of the two | aim {AIM_OF_JUDGING}, measured {judging / checks:.2f} |",
        *[f"| `{name}` | {time(nanoseconds)} |" for name, nanoseconds in benches.items()],
    ]


WRITERS = {"against-openssl": against_openssl, "many-bundles": many_bundles, "cargo-bench": cargo_bench, "against-moto": against_moto}


def main():
    name, file = sys.argv[1:]
    with open(file, encoding="utf-8") as source:
        lines = WRITERS[name](json.load(source))
    with open(PAGE, encoding="utf-8") as page:
        text = page.read()
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        sys.exit(f"{PAGE} has not one place for {name}")
    with open(PAGE, "w", encoding="utf-8") as page:
        page.write(pattern.sub(lambda found: found[1] + "\n".join(lines) + "\n" + found[2], text))


if __name__ == "__main__":
    main()
