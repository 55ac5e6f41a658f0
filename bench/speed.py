"""Nextchar and PyTorch on the lecture's network: interleaved, in one run on one machine.

    bench/run FOLDER [--rounds 3]

FOLDER holds train.txt, val.txt and test.txt (see bench/published.sh). Prints the tables of
bench/RESULTS.md; every figure is the median of the rounds, with the smallest and the largest in
parentheses. The bench fails if a run misses its target or stops before its last step.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from common import PROGRAM, ROOT, expect, fail, finished, reached, run

RIVAL = [ROOT / "bench/.cache/venv/bin/python", ROOT / "bench/rivals/pytorch.py"]

# The published network: context 3, embedding 10, 200 hidden units, tanh.
UNITS = ["--preset", "kaiming", "--embedding", "10", "--hidden", "200", "--activation", "tanh"]
SHAPE = [*UNITS, "--context", "3"]
# The fastest settings for validation loss 2.17 in a grid over batch size, learning rate and steps.
FREE_STEPS, FREE_BATCH, FREE_RATE = 350, 128, 0.03
TARGET = 2.17

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--only", default="abcdf", help="the sections to run, such as ab")
args = parser.parse_args()
folder = Path(args.folder)
scratch = Path(tempfile.mkdtemp())


def nextchar(*options, data=None):
    """The JSON result of a training run, with the peak memory in MB."""
    lists = [data] if data else [folder / "train.txt", "--val", folder / "val.txt",
                                 "--test", folder / "test.txt", "--keep-duplicates"]
    command = [str(part) for part in [PROGRAM, "train", *lists, "--json", "--no-names",
                                      "--out", scratch / "model.safetensors", *options]]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        fail(f"`{' '.join(command)}` failed: {err.decode()}")
    return {**json.loads(out), "memory": usage.ru_maxrss / 1024}


def timed(steps, *options, data=None):
    """The result of a training run that must do exactly this many steps."""
    return finished(nextchar("--steps", steps, *options, data=data), steps)


def to_target(options):
    """The result of a training run that must reach the target."""
    return reached(nextchar(*options, "--target-loss", TARGET), TARGET)


def pytorch(way, steps, *options):
    """The result of the same with PyTorch; it fails by itself if it misses a target."""
    result = json.loads(run(*RIVAL, folder, way, "--steps", steps, *options).stdout.splitlines()[-1])
    expect("--target" in options or result["steps"] == steps, f"PyTorch did {result['steps']} of {steps} steps")
    return result


def interleaved(competitors):
    """Runs every competitor once per round; {name: [seconds, …]}."""
    found = {name: [] for name in competitors}
    for _ in range(args.rounds):
        for name, run in competitors.items():
            found[name].append(run())
    return found


def spread(values, unit=1.0, digits=3):
    values = [value / unit for value in values]
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def against(title, ours, rivals, unit, label):
    """Prints a table of times and their ratios to ours."""
    print(f"\n| {title} | {label} | times ours |\n|---|---|---|")
    base = statistics.median(ours[1])
    print(f"| {ours[0]} | {spread(ours[1], unit)} | 1 |")
    for name, values in rivals.items():
        print(f"| {name} | {spread(values, unit)} | **{statistics.median(values) / base:.1f}** |")


def literal_options(batch=32, draw="windows"):
    return [*SHAPE, "--init", "lecture", "--optimizer", "sgd", "--schedule", "step", "--learning-rate",
            "0.1", "--draw", draw, "--batch", batch, "--evaluate-every", 1000]


def free_options():
    return [*SHAPE, "--init", "kaiming", "--optimizer", "adamw", "--weight-decay", "0", "--schedule", "cosine",
            "--draw", "contexts", "--learning-rate", FREE_RATE, "--batch", FREE_BATCH, "--steps", FREE_STEPS,
            "--evaluate-every", 25]


def time_to_target():
    print(f"\n## (a) Time to validation loss {TARGET} on split K (seconds in steps; validation is excluded on all sides)")
    target = ["--target", TARGET]
    found = interleaved({
        "nextchar": lambda: to_target(free_options())["step_seconds"],
        "nextchar, with validation and the Kneser–Ney baselines": lambda: to_target(free_options())["train_seconds"],
        "nextchar, the literal loop": lambda: to_target([*literal_options(), "--steps", 200_000])["step_seconds"],
        "PyTorch, the literal loop, 1 thread":
            lambda: pytorch("literal", 200_000, *target, "--threads", 1)["seconds"],
        "PyTorch, gradient by hand, compiled, 1 thread":
            lambda: pytorch("compiled", 200_000, *target, "--threads", 1)["seconds"],
        **{f"PyTorch, free, batch size {batch}, {threads} thread(s)":
           (lambda batch=batch, rate=rate, steps=steps, threads=threads: pytorch(
               "free", steps, *target, "--init", "kaiming", "--batch", batch, "--learning-rate", rate,
               "--every", 25, "--threads", threads)["seconds"])
           for batch, rate, steps in [(128, 0.03, 350), (256, 0.03, 250)] for threads in (1, 2)},
    })
    ours = ("nextchar", found.pop("nextchar"))
    against("method", ours, found, 1, "seconds")


def cost_per_step():
    print("\n## (b) Cost of a step, with the same windows on both sides (SGD; ms)")
    for batch, steps in [(32, 20_000), (256, 4_000), (2048, 1_000), ("full", 100)]:
        options = literal_options(batch, "contexts" if batch == "full" else "windows")
        few = 10 if batch == "full" else steps
        rows = {}
        for threads in (1, 2):
            rows[f"nextchar, {threads} thread(s)"] = (
                lambda threads=threads: timed(steps, *options, "--threads", threads)["step_seconds"] / steps)
            rows[f"PyTorch compiled, {threads} thread(s)"] = (
                lambda threads=threads: pytorch(
                    "compiled", few, "--batch", 0 if batch == "full" else batch,
                    "--every", few, "--threads", threads)["seconds"] / few)
            if batch == "full":
                rows[f"PyTorch compiled, contexts with counts, {threads} thread(s)"] = (
                    lambda threads=threads: pytorch(
                        "free", 100, "--batch", 0, "--every", 100, "--threads", threads)["seconds"] / 100)
        found = interleaved(rows)
        best = min((name for name in found if name.startswith("nextchar")),
                   key=lambda name: statistics.median(found[name]))
        ours = (best, found.pop(best))
        against(f"batch size {batch}", ours, found, 1e-3, "ms per step")


def longer_contexts():
    print("\n## (c) Longer contexts: AdamW over contexts with counts, the same number of steps on both sides")
    for context, embedding, hidden in [(5, 16, 256), (8, 16, 256)]:
        shape = ["--context", context, "--embedding", embedding, "--hidden", hidden]
        steps, batch, rate = 2000, 512, 0.01

        def ours():
            return timed(steps, "--preset", "kaiming", *shape, "--activation", "tanh", "--optimizer", "adamw",
                         "--weight-decay", "0.1", "--schedule", "cosine", "--draw", "contexts", "--learning-rate",
                         rate, "--batch", batch, "--evaluate-every", 100, "--threads", 2)

        best = ours()
        expect(max(best["val_loss"], best["test_loss"]) < TARGET,
               f"a context of {context} must learn more than a context of 3: {best}")
        found = interleaved({
            "nextchar, 2 threads": lambda: ours()["step_seconds"],
            "PyTorch free, 2 threads": lambda: pytorch(
                "free", steps, *shape, "--init", "kaiming", "--batch", batch, "--learning-rate", rate,
                "--every", 500, "--threads", 2)["seconds"],
        })
        times = ("nextchar, 2 threads", found.pop("nextchar, 2 threads"))
        against(f"k = {context}, h = {hidden}: best val {best['val_loss']:.4f}, test "
                f"{best['test_loss']:.4f}", times, found, 1, "seconds")


def repeated_list():
    print("\nThe list repeated (context 3, 200 full-batch steps; reading includes splitting and counting):\n\n"
          "| repetitions | MB | reading, s | MB/s | `wc`, s | ms per step | memory, MB |\n|---|---|---|---|---|---|---|")
    names = (folder / "train.txt").read_text()
    contexts = set()
    for times in (1, 10, 100):
        path = scratch / "list.txt"
        path.write_text(names * times)
        size = path.stat().st_size / 1e6
        found = [timed(200, *SHAPE, "--keep-duplicates", "--optimizer", "adamw", "--draw", "contexts",
                       "--learning-rate", 0.01, "--batch", "full", data=path) for _ in range(args.rounds)]
        contexts.add(found[0]["contexts"])
        start = time.perf_counter()
        run("wc", path)
        counted = time.perf_counter() - start
        read = statistics.median(f["read_seconds"] for f in found)
        step = statistics.median(f["step_seconds"] for f in found) / 200
        print(f"| {times} | {size:.1f} | {read:.3f} | {size / read:.0f} | {counted:.3f} "
              f"| {step * 1e3:.2f} | {found[0]['memory']:.0f} |")
    expect(len(contexts) == 1, f"repeating a list must not change its contexts: {contexts}")


def different_names():
    print("\nTen times as many different names (drawn from a trained model; full-batch steps):"
          "\n\n| names | k | contexts | ms per step |\n|---|---|---|---|")
    timed(500, *SHAPE)
    model = scratch / "grown.safetensors"
    (scratch / "model.safetensors").rename(model)
    for number in (25_000, 250_000):
        path = scratch / "grown.txt"
        path.write_text(run(PROGRAM, "generate", "-m", model, "--unique", "-n", number).stdout)
        names = path.read_text().split()
        expect(len(names) == len(set(names)) == number, f"{number:,} different names were to be drawn")
        for context in (3, 5, 8):
            found = timed(20, *UNITS, "--context", context, "--optimizer", "adamw", "--draw", "contexts",
                          "--learning-rate", 0.01, "--batch", "full", data=path)
            print(f"| {number:,} | {context} | {found['contexts']:,} "
                  f"| {found['step_seconds'] / 20 * 1e3:.2f} |")


def large_list():
    path = scratch / "large.txt"
    letters, rng = "aaabcdeefghiijklmnnoprrsttuvy", random.Random(1)
    with path.open("w") as out:
        for _ in range(12_000_000):
            out.write("".join(rng.choices(letters, k=rng.randrange(4, 11))) + "\n")
    found = timed(100, *SHAPE, data=path)
    size = path.stat().st_size / 1e6
    print(f"\nA list of {size:.0f} MB, nearly all of it different names: reading {found['read_seconds']:.1f} s "
          f"({size / found['read_seconds']:.0f} MB/s), {found['examples']:,} windows, {found['seconds']:.0f} s "
          f"in all, memory {found['memory']:.0f} MB.")


def corpus_size():
    print("\n## (d) Cost and the size of the list")
    repeated_list()
    different_names()
    large_list()


def threads():
    print("\n## (f) Threads (context 5, h 256, AdamW; seconds for 300 steps)")
    print("\n| batch size | 1 thread | 2 threads | times faster |\n|---|---|---|---|")
    for batch in (256, 2048, "full"):
        def seconds(number):
            return timed(300, "--preset", "kaiming", "--context", 5, "--hidden", 256, "--optimizer", "adamw",
                         "--draw", "contexts", "--learning-rate", 0.01, "--batch", batch,
                         "--threads", number)["step_seconds"]

        found = interleaved({1: lambda: seconds(1), 2: lambda: seconds(2)})
        ratio = statistics.median(found[1]) / statistics.median(found[2])
        print(f"| {batch} | {spread(found[1])} | {spread(found[2])} | {ratio:.2f} |")


sections = {"a": time_to_target, "b": cost_per_step, "c": longer_contexts, "d": corpus_size, "f": threads}
for letter, section in sections.items():
    if letter in args.only:
        section()
        sys.stdout.flush()
