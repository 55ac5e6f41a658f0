#!/usr/bin/env python3
"""Words scored per second from a file, beside KenLM: the same words, the same counts, the same run.

    bench/score.py [--words N] [--rounds N] [--prepare]

The list is written by the default model, one word a line. `nextchar score` reads it with models of context 3
(a network, and Kneser–Ney counts), with counts of context 5 and with the default model; `--check` prints only the
words that are not plausible, the full output has a line for every word. KenLM gets the same counts as ARPA files
(`nextchar export --format arpa`), converted to its own binary format, and the words with spaces between the
characters. Its `query` is built from its source package with the script in it (`-v summary` scores everything and
prints a few lines of totals, `-v sentence` a line for every word); its Python module is measured too. `--prepare`
makes everything in bench/.cache and measures nothing.

Fails if the two sides give the words different probabilities, or if a command does not score every word.
"""

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import time
from typing import NamedTuple

from common import PROGRAM, ROOT, build, expect, run as checked

CACHE = ROOT / "bench" / ".cache"
PLACE = CACHE / "score"
KENLM = "kenlm==0.3.0"


def run(*command, **options):
    return checked(*command, text=False, **options).stdout


def kenlm():
    """The paths of a Python with the module, of `query` and of `build_binary`."""
    python = CACHE / "kenlm" / "bin" / "python"
    if not python.exists():
        run(sys.executable, "-m", "venv", CACHE / "kenlm")
        run(python, "-m", "pip", "install", "--quiet", "setuptools", "wheel", "cmake", KENLM)
    source = CACHE / "kenlm-source"
    query, binary = source / "bin" / "query", source / "bin" / "build_binary"
    if not query.exists():
        shutil.rmtree(source, ignore_errors=True)
        source.mkdir(parents=True)
        run(python, "-m", "pip", "download", "--quiet", "--no-deps", "--no-build-isolation", "--no-binary", ":all:",
            KENLM, "-d", source)
        run("tar", "xf", next(source.glob("kenlm*")), "-C", source, "--strip-components=1")
        run("bash", "compile_query_only.sh", cwd=source)
    return python, query, binary


PYTHON = """
import sys, kenlm
model = kenlm.Model(sys.argv[1])
scores = [model.score(line.rstrip()) for line in open(sys.argv[2])]
print(len(scores), "words,", sum(scores))
"""


def prepare(words, build_binary):
    """Makes the list, the models, and KenLM's files; returns the paths of the lists."""
    PLACE.mkdir(parents=True, exist_ok=True)
    plain, spaced, some = (PLACE / f"{kind}-{words}.txt" for kind in ("words", "spaced", "some"))
    if not some.exists():
        drawn = run(PROGRAM, "generate", "-n", words, "--seed", "score").decode()
        plain.write_text(drawn)
        spaced.write_text("".join(" ".join(word) + "\n" for word in drawn.splitlines()))
        some.write_text("".join(line + "\n" for line in drawn.splitlines()[:10_000]))
    models = {"network": ["--family", "network", "--context", "3"]}
    models |= {f"counts{length}": ["--family", "kneser-ney", "--counts-context", length] for length in (3, 5)}
    for name, options in models.items():
        if not (PLACE / name).exists():
            run(PROGRAM, "train", *options, "--out", PLACE / name)
    for length in (3, 5):
        arpa, binary = PLACE / f"counts{length}.arpa", PLACE / f"counts{length}.kenlm"
        if not binary.exists():
            run(PROGRAM, "export", "--format", "arpa", "-m", PLACE / f"counts{length}", "--out", arpa, "--force")
            run(build_binary, "probing", arpa, binary)
    return plain, spaced, some


def check(query, some):
    """Both sides give the words of a list the same probability."""
    for length in (3, 5):
        scored = run(PROGRAM, "score", "--json", "-m", PLACE / f"counts{length}", "--file", some).decode()
        ours = sum(json.loads(line)["log_prob"] for line in scored.splitlines())
        spaced = "".join(" ".join(word) + "\n" for word in some.read_text().splitlines())
        report = run(query, "-v", "summary", PLACE / f"counts{length}.kenlm", input=spaced.encode()).decode()
        report = dict(line.split(":\t") for line in report.splitlines())
        expect(report["OOVs"] == "0", f"KenLM does not know every character: {report}")
        theirs = -int(report["Tokens"]) * math.log(float(report["Perplexity including OOVs"]))
        expect(abs(ours - theirs) < 1e-4 * abs(ours),
               f"context {length}: the words have ln P {ours} here and {theirs} in KenLM")


def timed(command, expected_status):
    """Wall-clock seconds, and seconds of processor time."""
    started = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = status = os.waitstatus_to_exitcode(status)
    expect(status == expected_status, f"{command} exited with status {status}, not {expected_status}")
    return seconds, usage.ru_utime + usage.ru_stime


class Competitor(NamedTuple):
    """A command to time. Its output must have `lines` lines that contain `text`."""

    command: list
    lines: int
    text: str = ""
    status: int = 0

    def check(self):
        """Runs the command once, untimed, and checks what it prints."""
        done = subprocess.run([str(part) for part in self.command], capture_output=True, text=True)
        expect(done.returncode == self.status, f"{self.command} exited with status {done.returncode}: {done.stderr}")
        found = sum(self.text in line for line in done.stdout.splitlines())
        expect(found == self.lines, f"{self.command} printed {found:,} lines with {self.text!r}, not {self.lines:,}")


def competitors(python, query, plain, spaced):
    """Everything that is measured, by its name."""
    words = plain.read_text().splitlines()
    characters = sum(len(word) + 1 for word in words)
    found = {}
    for label, model in [
        ("network, context 3", ["-m", PLACE / "network"]),
        ("Kneser–Ney, context 3", ["-m", PLACE / "counts3"]),
        ("Kneser–Ney, context 5", ["-m", PLACE / "counts5"]),
        ("the default, context 6", []),
    ]:
        score = [PROGRAM, "score", "--file", plain, *model]
        verdicts = [json.loads(line)["plausible"] for line in run(*score, "--json").splitlines()]
        rejected = verdicts.count(False)
        for threads in ("2 threads", "1 thread"):
            found[f"{label}, `--check`, {threads}"] = Competitor(
                [*score, "--check", "--threads", threads[0]], rejected, status=min(rejected, 1))
        found[f"{label}, all lines, 1 thread"] = Competitor([*score, "--threads", "1"], len(words))
    for length in (3, 5):
        command = f"{PLACE / f'counts{length}.kenlm'} < {spaced}"
        label = f"KenLM `query`, the same counts, context {length}"
        found[f"{label}, totals only, 1 thread"] = Competitor(
            ["sh", "-c", f"exec {query} -v summary {command}"], 1, f"Tokens:\t{characters}")
        found[f"{label}, all lines, 1 thread"] = Competitor(
            ["sh", "-c", f"exec {query} -v sentence {command}"], len(words), "Total:")
    found["KenLM's Python module, the same counts, context 3, 1 thread"] = Competitor(
        [python, "-c", PYTHON, PLACE / "counts3.kenlm", spaced], 1, f"{len(words)} words")
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--words", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--prepare", action="store_true")
    options = parser.parse_args()
    if options.prepare or not PROGRAM.exists():
        build()
    python, query, build_binary = kenlm()
    plain, spaced, some = prepare(options.words, build_binary)
    check(query, some)
    if options.prepare:
        return
    commands = competitors(python, query, plain, spaced)
    for competitor in commands.values():
        competitor.check()
    found = {label: [] for label in commands}
    for _ in range(options.rounds):
        for label, competitor in commands.items():
            found[label].append(timed(competitor.command, competitor.status))

    print(f"{options.words:,} words, {plain.stat().st_size / 1e6:.1f} MB, including the start and reading the model; "
          f"million words per second: median of {options.rounds} (slowest–fastest)\n")
    print("| method | wall-clock | per second of processor time |\n|---|---|---|")
    rate = lambda time: options.words / time / 1e6
    for label, times in found.items():
        cells = [f"{rate(statistics.median(part)):.2f} ({rate(max(part)):.2f}–{rate(min(part)):.2f})"
                 for part in zip(*times)]
        print(f"| {label} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
