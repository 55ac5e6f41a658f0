#!/usr/bin/env python3
"""Words scored a second, from a file, beside KenLM: the same words, the same counts, the same run.

    bench/score.py [--words N] [--rounds N] [--prepare]

The list is written by the default model, one word a line. `nextchar score` reads it with models of context 3
(a network, and Kneser–Ney counts), with counts of context 5 and with the default; `--check` prints only what
is not plausible, the full output a line for every word. KenLM gets the same counts as ARPA files
(`nextchar export --format arpa`), made into its own binary format, and the words with spaces between the
letters: its `query`, built from its package with the script that is in it (`-v summary` reads and scores
everything and prints a line, `-v sentence` a line for every word), and its Python module. `--prepare` makes
everything in bench/.cache and measures nothing.
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
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "target" / "release" / "nextchar"
CACHE = ROOT / "bench" / ".cache"
PLACE = CACHE / "score"
KENLM = "kenlm==0.3.0"


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, **options)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr.decode()[-2000:]}")
    return done.stdout


def kenlm():
    """The Python that has the module, `query` and `build_binary`."""
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
total = sum(model.score(line.rstrip()) for line in open(sys.argv[2]))
"""


def prepare(words, build_binary):
    """The list, the models, and what KenLM makes of them."""
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
        told = run(query, "-v", "summary", PLACE / f"counts{length}.kenlm", input=spaced.encode()).decode()
        told = dict(line.split(":\t") for line in told.splitlines())
        assert told["OOVs"] == "0", told
        theirs = -int(told["Tokens"]) * math.log(float(told["Perplexity including OOVs"]))
        assert abs(ours - theirs) < 1e-4 * abs(ours), (length, ours, theirs)


def timed(command):
    """Seconds by the clock, and seconds of processors."""
    started = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) in (0, 1), command
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime


def ways(query, plain, spaced):
    """Everything that is measured, by its name."""
    found = {}
    for label, model in [
        ("network, context 3", ["-m", PLACE / "network"]),
        ("Kneser–Ney, context 3", ["-m", PLACE / "counts3"]),
        ("Kneser–Ney, context 5", ["-m", PLACE / "counts5"]),
        ("the default, context 6", []),
    ]:
        score = [PROGRAM, "score", "--file", plain, *model]
        found[f"{label}, `--check`, 2 threads"] = [*score, "--check", "--threads", "2"]
        found[f"{label}, `--check`, 1 thread"] = [*score, "--check", "--threads", "1"]
        found[f"{label}, all lines, 1 thread"] = [*score, "--threads", "1"]
    for length in (3, 5):
        for level in ("summary", "sentence"):
            told = {"summary": "a line in all", "sentence": "all lines"}[level]
            command = f"exec {query} -v {level} {PLACE / f'counts{length}.kenlm'} < {spaced}"
            found[f"KenLM `query`, the same counts, context {length}, {told}, 1 thread"] = ["sh", "-c", command]
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--words", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--prepare", action="store_true")
    options = parser.parse_args()
    if options.prepare or not PROGRAM.exists():
        subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    python, query, build_binary = kenlm()
    plain, spaced, some = prepare(options.words, build_binary)
    if options.prepare:
        return check(query, some)
    commands = ways(query, plain, spaced)
    commands["KenLM's Python module, the same counts, context 3, 1 thread"] = [
        python, "-c", PYTHON, PLACE / "counts3.kenlm", spaced]
    found = {label: [] for label in commands}
    for _ in range(options.rounds):
        for label, command in commands.items():
            found[label].append(timed(command))

    print(f"{options.words:,} words, {plain.stat().st_size / 1e6:.1f} MB, start and reading the model counted; "
          f"million words a second: median of {options.rounds} (slowest–fastest)\n")
    print("| way | by the clock | a processor second |\n|---|---|---|")
    rate = lambda time: options.words / time / 1e6
    for label, times in found.items():
        cells = [f"{rate(statistics.median(part)):.2f} ({rate(max(part)):.2f}–{rate(min(part)):.2f})" for part in zip(*times)]
        print(f"| {label} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
