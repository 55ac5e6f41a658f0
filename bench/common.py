"""What the benches share: the program, its answers, and the checks that end a bench.

A figure is printed only if the run behind it did what the figure claims: reached its target, finished its
steps, wrote all of its names. Otherwise the bench ends with a message and a non-zero exit status.
`bench/check.py` tests this with programs that give wrong answers.
"""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = Path(os.environ.get("NEXTCHAR", ROOT / "target/release/nextchar"))


def build():
    """Builds the release program, unless the environment variable NEXTCHAR names a program."""
    if "NEXTCHAR" not in os.environ:
        subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)


def fail(message):
    sys.exit(f"bench failed: {message}")


def expect(condition, message):
    if not condition:
        fail(message)


def run(*command, **options):
    """The finished process of a command that must succeed."""
    command = [str(part) for part in command]
    done = subprocess.run(command, **{"capture_output": True, "text": True} | options)
    if done.returncode:
        message = done.stderr if isinstance(done.stderr, str) else (done.stderr or b"").decode()
        fail(f"`{' '.join(command)}` exited with status {done.returncode}: {message[-2000:]}")
    return done


def nextchar(*arguments, **options):
    """What the program prints on standard output."""
    return run(PROGRAM, *arguments, **options).stdout


def answer(*arguments, **options):
    """The JSON object that the program prints."""
    return json.loads(nextchar(*arguments, "--json", **options))


def listed(name):
    """The names of an embedded list, in alphabetical order."""
    return sorted({line.split("\t")[0] for line in nextchar("data", "show", name).splitlines()})


def reached(result, target):
    """The result of a training run that had to stop at a validation loss: it did so."""
    expect(
        result["stop"] == "target_loss" and result["val_loss"] <= target,
        f"the validation loss {target} was not reached: the run ended at {result['val_loss']:.4f} "
        f"after {result['steps']} steps (stop: {result['stop']})",
    )
    return result


def finished(result, steps=None):
    """The result of a training run that had to do all of its steps: it did, and the losses are numbers.

    Models that only count (no parameters) have no steps.
    """
    if result["parameters"] or steps is not None:
        expect(
            result["stop"] == "finished" and result["steps"] == (steps or result["steps"]),
            f"the training run ended after {result['steps']} steps (stop: {result['stop']}), "
            f"where {steps or 'all'} steps were to be timed",
        )
    losses = [result[part] for part in ("train_loss", "val_loss", "test_loss") if result[part] is not None]
    expect(losses and all(map(math.isfinite, losses)), f"the losses are not numbers: {losses}")
    return result
