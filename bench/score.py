#!/usr/bin/env python3
"""Words scored a second, from a file, beside KenLM: the same words, the same order, the same run.

    bench/score.py [--words N] [--rounds N]

The list is written by the default model, one word a line. `nextchar score` reads it with a model of
context 3 (a network, and Kneser–Ney counts) and with the default; `--check` prints only what is not
plausible, the full output a line for every word. KenLM gets the counts of the same training names as an
ARPA file of order 4 (`nextchar export --format arpa`) and the words with spaces between the letters:
its `query` where cmake could build it (`-v summary` reads and scores everything and prints a line), and
its Python module.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "target" / "release" / "nextchar"
CACHE = ROOT / "bench" / ".cache"
KENLM = "kenlm==0.3.0"


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, **options)


def kenlm():
    """The Python that has the module, and `query` if it builds."""
    python = CACHE / "kenlm" / "bin" / "python"
    if not python.exists():
        run(sys.executable, "-m", "venv", CACHE / "kenlm")
        run(python, "-m", "pip", "install", "--quiet", KENLM)
    query = CACHE / "kenlm-source" / "build" / "bin" / "query"
    if not query.exists() and shutil.which("cmake"):
        try:
            source = CACHE / "kenlm-source"
            shutil.rmtree(source, ignore_errors=True)
            source.mkdir(parents=True)
            run(python, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", KENLM, "-d", source)
            archive = next(source.glob("kenlm*"))
            run("tar", "xf", archive, "-C", source, "--strip-components=1")
            run("cmake", "-S", source, "-B", source / "build", "-DCMAKE_BUILD_TYPE=Release", "-DKENLM_MAX_ORDER=6",
                "-DCMAKE_POLICY_VERSION_MINIMUM=3.5")
            run("cmake", "--build", source / "build", "--target", "query", "-j2")
        except (subprocess.CalledProcessError, StopIteration) as error:
            print(f"query does not build: {error}", file=sys.stderr)
    return python, query if query.exists() else None


PYTHON = """
import sys, time, kenlm
model = kenlm.Model(sys.argv[1])
lines = open(sys.argv[2]).read().splitlines()
started = time.perf_counter()
total = sum(model.score(line) for line in lines)
print(time.perf_counter() - started)
"""


def timed(command, output=os.devnull):
    with open(output, "wb") as out:
        started = time.perf_counter()
        done = subprocess.run([str(part) for part in command], stdout=out, stderr=subprocess.DEVNULL)
    assert done.returncode in (0, 1), command
    return time.perf_counter() - started


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--words", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    python, query = kenlm()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        words, spaced = folder / "words.txt", folder / "spaced.txt"
        drawn = run(PROGRAM, "generate", "-n", options.words).stdout.decode()
        words.write_text(drawn)
        spaced.write_text("".join(" ".join(word) + "\n" for word in drawn.splitlines()))
        network, counts, arpa = folder / "network", folder / "counts", folder / "counts.arpa"
        run(PROGRAM, "train", "--family", "network", "--context", "3", "--out", network)
        run(PROGRAM, "train", "--family", "kneser-ney", "--counts-context", "3", "--out", counts)
        run(PROGRAM, "export", "--format", "arpa", "-m", counts, "--out", arpa)

        score = lambda *more: [PROGRAM, "score", "--file", words, *more]
        ways = {}
        for label, model in [
            ("network, context 3", ["-m", network]),
            ("Kneser–Ney, context 3", ["-m", counts]),
            ("the default, context 6", []),
        ]:
            for threads in ("2", "1"):
                ways[f"{label}, `--check`, {threads} threads"] = score(*model, "--check", "--threads", threads)
            ways[f"{label}, all lines, 2 threads"] = score(*model, "--threads", "2")
        ways["network, context 3, `--json`, 2 threads"] = score("-m", network, "--json", "--threads", "2")
        if query:
            ways["KenLM `query`, order 4, summary, 1 thread"] = [
                "sh", "-c", f"exec {query} -v summary {arpa} < {spaced}"
            ]
            ways["KenLM `query`, order 4, all words, 1 thread"] = ["sh", "-c", f"exec {query} {arpa} < {spaced}"]
        seconds = {label: [] for label in ways}
        module = []
        for _ in range(options.rounds):
            for label, command in ways.items():
                seconds[label].append(timed(command))
            module.append(float(run(python, "-c", PYTHON, arpa, spaced).stdout))
        seconds["KenLM's Python module, order 4, scoring alone"] = module

        reference = min(statistics.median(found) for label, found in seconds.items() if "KenLM" in label)
        print(f"{options.words:,} words, {words.stat().st_size / 1e6:.1f} MB; median of {options.rounds} (fastest–slowest)\n")
        print("| way | million words a second | times the fastest KenLM |\n|---|---|---|")
        for label, found in seconds.items():
            rate = lambda time: options.words / time / 1e6
            median = statistics.median(found)
            print(f"| {label} | {rate(median):.2f} ({rate(min(found)):.2f}–{rate(max(found)):.2f}) "
                  f"| **{reference / median:.1f}** |")


if __name__ == "__main__":
    main()
