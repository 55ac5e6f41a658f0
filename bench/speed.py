"""Nextchar beside PyTorch on the lecture's network, in one run on one machine, interleaved.

    bench/run FOLDER [--rounds 3]

FOLDER holds train.txt, val.txt and test.txt (see bench/published.sh). Prints the tables of
bench/RESULTS.md; every figure is the median of the rounds, with the smallest and the largest.
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

HERE = Path(__file__).parent
PROGRAM = HERE.parent / "target/release/nextchar"
RIVAL = [str(HERE / ".cache/venv/bin/python"), str(HERE / "rivals/pytorch.py")]

# The published network: context 3, embedding 10, 200 hidden units, tanh.
SHAPE = ["--preset", "kaiming", "--context", "3", "--embedding", "10", "--hidden", "200", "--activation", "tanh"]
# The quickest way to val 2.17 that a grid over batch, rate and steps found, for either side.
FREE_STEPS, FREE_BATCH, FREE_RATE = 350, 128, 0.03
TARGET = 2.17

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--only", default="abcdf", help="sections, such as ab")
args = parser.parse_args()
folder = Path(args.folder)
scratch = Path(tempfile.mkdtemp())


def nextchar(*options, data=None):
    """The JSON of a training, and its largest memory in MB."""
    lists = [str(data)] if data else [str(folder / "train.txt"), "--val", str(folder / "val.txt"),
                                      "--test", str(folder / "test.txt"), "--keep-duplicates"]
    command = [str(PROGRAM), "train", *lists, "--json", "--no-names",
               "--out", str(scratch / "model.safetensors"), *map(str, options)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command}: {err.decode()}")
    found = json.loads(out)
    found["memory"] = usage.ru_maxrss / 1024
    return found


def pytorch(way, *options):
    command = [*RIVAL, str(folder), way, *map(str, options)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout.splitlines()[-1])


def interleaved(competitors):
    """Every competitor once a round; {name: [seconds, …]}."""
    found = {name: [] for name in competitors}
    for _ in range(args.rounds):
        for name, run in competitors.items():
            found[name].append(run())
    return found


def spread(values, unit=1.0, digits=3):
    values = [value / unit for value in values]
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def against(title, ours, rivals, unit, label):
    """A table of times and ratios to ours."""
    print(f"\n| {title} | {label} | times ours |\n|---|---|---|")
    base = statistics.median(ours[1])
    print(f"| {ours[0]} | {spread(ours[1], unit)} | 1 |")
    for name, values in rivals.items():
        print(f"| {name} | {spread(values, unit)} | **{statistics.median(values) / base:.1f}** |")


def literal_options(steps, batch=32):
    return [*SHAPE, "--init", "lecture", "--optimizer", "sgd", "--schedule", "step", "--learning-rate",
            "0.1", "--draw", "windows", "--batch", batch, "--steps", steps, "--evaluate-every", 1000]


def free_options(steps=FREE_STEPS, batch=FREE_BATCH, rate=FREE_RATE):
    return [*SHAPE, "--init", "kaiming", "--optimizer", "adamw", "--weight-decay", "0", "--schedule",
            "cosine", "--learning-rate", rate, "--batch", batch, "--steps", steps,
            "--evaluate-every", 25]


def time_to_target():
    print(f"\n## (a) Time to val {TARGET} on split K (seconds in steps, looks at val left out on all sides)")
    target = ["--target", TARGET]
    found = interleaved({
        "nextchar": lambda: nextchar(*free_options(), "--target-loss", TARGET)["step_seconds"],
        "nextchar, with looks at val and the Kneser-Ney baselines":
            lambda: nextchar(*free_options(), "--target-loss", TARGET)["train_seconds"],
        "nextchar, the literal loop":
            lambda: nextchar(*literal_options(200_000), "--target-loss", TARGET)["step_seconds"],
        "PyTorch, the literal loop, 1 thread":
            lambda: pytorch("literal", *target, "--threads", 1)["seconds"],
        "PyTorch, by hand and compiled, 1 thread":
            lambda: pytorch("compiled", *target, "--threads", 1)["seconds"],
        **{f"PyTorch, free, batch {batch}, {threads} thread(s)":
           (lambda batch=batch, rate=rate, steps=steps, threads=threads: pytorch(
               "free", *target, "--init", "kaiming", "--batch", batch, "--learning-rate", rate,
               "--steps", steps, "--every", 25, "--threads", threads)["seconds"])
           for batch, rate, steps in [(128, 0.03, 350), (256, 0.03, 250)] for threads in (1, 2)},
    })
    ours = ("nextchar", found.pop("nextchar"))
    against("way", ours, found, 1, "seconds")


def cost_per_step():
    print("\n## (b) Cost of a step, the same windows on both sides (SGD; ms)")
    for batch, steps in [(32, 20_000), (256, 4_000), (2048, 1_000), ("full", 100)]:
        options = [o if o != "windows" or batch != "full" else "contexts"
                   for o in literal_options(steps, batch)]
        few = 10 if batch == "full" else steps
        rows = {}
        for threads in (1, 2):
            rows[f"nextchar, {threads} thread(s)"] = (
                lambda threads=threads: nextchar(*options, "--threads", threads)["step_seconds"] / steps)
            rows[f"PyTorch compiled, {threads} thread(s)"] = (
                lambda threads=threads: (lambda found: found["seconds"] / found["steps"])(pytorch(
                    "compiled", "--batch", 0 if batch == "full" else batch, "--steps", few,
                    "--every", few, "--threads", threads)))
            if batch == "full":
                rows[f"PyTorch compiled, contexts with counts, {threads} thread(s)"] = (
                    lambda threads=threads: (lambda found: found["seconds"] / found["steps"])(pytorch(
                        "free", "--batch", 0, "--steps", 100, "--every", 100, "--threads", threads)))
        found = interleaved(rows)
        best = min((name for name in found if name.startswith("nextchar")),
                   key=lambda name: statistics.median(found[name]))
        ours = (best, found.pop(best))
        against(f"batch {batch}", ours, found, 1e-3, "ms a step")


def longer_contexts():
    print("\n## (c) Longer contexts: AdamW over contexts with counts, the same steps on both sides")
    for context, embedding, hidden in [(5, 16, 256), (8, 16, 256)]:
        shape = ["--context", context, "--embedding", embedding, "--hidden", hidden]
        steps, batch, rate = 2000, 512, 0.01
        run = lambda threads: nextchar(
            "--preset", "kaiming", *shape, "--activation", "tanh", "--optimizer", "adamw", "--weight-decay", "0.1",
            "--schedule", "cosine", "--learning-rate", rate, "--batch", batch, "--steps", steps,
            "--evaluate-every", 100, "--threads", threads)
        best = run(2)
        found = interleaved({
            "nextchar, 2 threads": lambda: run(2)["step_seconds"],
            "PyTorch free, 2 threads": lambda: pytorch(
                "free", *shape, "--init", "kaiming", "--batch", batch, "--learning-rate", rate,
                "--steps", steps, "--every", 500, "--threads", 2)["seconds"],
        })
        ours = ("nextchar, 2 threads", found.pop("nextchar, 2 threads"))
        against(f"k = {context}, h = {hidden}: best val {best['val_loss']:.4f}, test "
                f"{best['test_loss']:.4f}", ours, found, 1, "seconds")


def corpus_size():
    print("\n## (d) Cost against the size of the corpus")
    print("\nThe list repeated (context 3, 200 full-batch steps; reading is reading, splitting and "
          "counting):\n\n| times | MB | reading, s | MB/s | `wc`, s | a step, ms | memory, MB |"
          "\n|---|---|---|---|---|---|---|")
    names = (folder / "train.txt").read_text()
    for times in (1, 10, 100):
        path = scratch / "list.txt"
        path.write_text(names * times)
        size = path.stat().st_size / 1e6
        found = [nextchar(*SHAPE, "--keep-duplicates", "--optimizer", "adamw", "--batch", "full",
                          "--steps", 200, data=path) for _ in range(args.rounds)]
        start = time.perf_counter()
        subprocess.run(["wc", str(path)], check=True, capture_output=True)
        counted = time.perf_counter() - start
        read = statistics.median(f["read_seconds"] for f in found)
        step = statistics.median(f["step_seconds"] for f in found) / 200
        print(f"| {times} | {size:.1f} | {read:.3f} | {size / read:.0f} | {counted:.3f} "
              f"| {step * 1e3:.2f} | {found[0]['memory']:.0f} |")
    print("\nDifferent names, tenfold (names drawn from a trained model; a full-batch step):"
          "\n\n| names | k | contexts | a step, ms |\n|---|---|---|---|")
    nextchar(*SHAPE, "--steps", 500)
    model = scratch / "grown.safetensors"
    (scratch / "model.safetensors").rename(model)
    for number in (25_000, 250_000):
        path = scratch / "grown.txt"
        with path.open("w") as out:
            subprocess.run([str(PROGRAM), "generate", "-m", str(model), "--unique", "-n", str(number)],
                           check=True, stdout=out)
        for context in (3, 5, 8):
            found = nextchar(*SHAPE, "--context", context, "--optimizer", "adamw", "--batch", "full",
                             "--steps", 20, data=path)
            print(f"| {number:,} | {context} | {found['contexts']:,} "
                  f"| {found['step_seconds'] / 20 * 1e3:.2f} |")
    path = scratch / "large.txt"
    letters, rng = "aaabcdeefghiijklmnnoprrsttuvy", random.Random(1)
    with path.open("w") as out:
        for _ in range(12_000_000):
            out.write("".join(rng.choices(letters, k=rng.randrange(4, 11))) + "\n")
    found = nextchar(*SHAPE, "--steps", 100, data=path)
    size = path.stat().st_size / 1e6
    print(f"\nA list of {size:.0f} MB, nearly all different names: reading {found['read_seconds']:.1f} s "
          f"({size / found['read_seconds']:.0f} MB/s), {found['examples']:,} windows, memory "
          f"{found['memory']:.0f} MB.")


def threads():
    print("\n## (f) Threads (context 5, h 256, AdamW; seconds for 300 steps)")
    print("\n| batch | 1 thread | 2 threads | times |\n|---|---|---|---|")
    for batch in (256, 2048, "full"):
        run = lambda number: nextchar(
            "--preset", "kaiming", "--context", 5, "--hidden", 256, "--optimizer", "adamw", "--batch", batch, "--steps", 300,
            "--threads", number)["step_seconds"]
        found = interleaved({1: lambda: run(1), 2: lambda: run(2)})
        ratio = statistics.median(found[1]) / statistics.median(found[2])
        print(f"| {batch} | {spread(found[1])} | {spread(found[2])} | {ratio:.2f} |")


sections = {"a": time_to_target, "b": cost_per_step, "c": longer_contexts, "d": corpus_size, "f": threads}
for letter, section in sections.items():
    if letter in args.only:
        section()
        sys.stdout.flush()
