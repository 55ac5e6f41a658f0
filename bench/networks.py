#!/usr/bin/env python3
"""What each size and kind of model reaches on the published split, beside the goals that were set for it.

    bench/networks.py FOLDER     FOLDER as for bench/published.sh; a quarter of an hour on two fast cores

Losses in nats per predicted character; the time is that of the processor, all threads together. R stands for the
options below, which one network shares with the others. Fails in the end if a goal is not reached.
"""

import resource
import sys
import tempfile
from pathlib import Path

from common import answer, build, expect, finished

R = ("--preset kaiming --family network --residual --activation gelu --optimizer adamw --weight-decay 0.1 "
     "--averaging 0.99 --schedule cosine --draw passes --batch 256 --learning-rate 0.008 --context 6 "
     "--embedding 16 --hidden 240,240 --dropout 0.25").split()
LARGEST = "--preset best --networks 4 --context 7 --hidden 640,640 --embedding 32 --dropout 0.45"
# What the table shows, the options, and the goal for both losses, if one was set.
ROWS = [
    ("`--family kneser-ney`", "--family kneser-ney", None),
    ("`--family kneser-ney --good-turing`", "--family kneser-ney --good-turing", None),
    ("the default", "", None),
    ("the default, `--good-turing`", "--good-turing", None),
    ("R `--epochs 80`", "R --epochs 80", None),
    ("R `--epochs 80 --networks 4 --family mixture`", "R --epochs 80 --networks 4 --family mixture", None),
    ("one network: R `--hidden 190,190,190 --learning-rate 0.006 --weight-decay 0.02 --steps 36700 --teacher` the model "
     "above", "R --hidden 190,190,190 --learning-rate 0.006 --weight-decay 0.02 --steps 36700 --teacher LAST", 1.915),
    ("R `--epochs 120 --family mixture`", "R --epochs 120 --family mixture", None),
    ("the same, `--hidden 448,448 --embedding 24 --dropout 0.38`: one network with counts",
     "R --epochs 120 --family mixture --hidden 448,448 --embedding 24 --dropout 0.38", 1.905),
    ("`--preset best`", "--preset best", None),
    ("`--preset best --networks 4 --good-turing`: anything", "--preset best --networks 4 --good-turing", 1.885),
    (f"`{LARGEST}`", LARGEST, None),
    ("context 3: R `--context 3 --hidden 256,256 --embedding 24 --steps 8000 --family mixture --counts-context 3 "
     "--teacher` the model above",
     "R --context 3 --hidden 256,256 --embedding 24 --steps 8000 --family mixture --counts-context 3 --teacher LAST", None),
]


def main():
    folder = Path(sys.argv[1])
    lists = [folder / "train.txt", "--val", folder / "val.txt", "--test", folder / "test.txt", "--keep-duplicates"]
    build()
    print(f"R stands for `{' '.join(R)}`.\n\n| model | parameters | val | test | goal | processor seconds |\n|---|---|---|---|---|---|")
    missed = []
    with tempfile.TemporaryDirectory() as scratch:
        last = None
        for number, (label, options, goal) in enumerate(ROWS):
            words = [option for word in options.split() for option in (R if word == "R" else [word])]
            words = [str(last) if word == "LAST" else word for word in words]
            last = Path(scratch, f"{number}.safetensors")
            before = processor_seconds()
            # A later option of the same name counts.
            named = dict(pairs(words))
            made = finished(answer("train", *lists, *(word for pair in named.items() for word in pair if word is not None),
                                   "--out", last))
            losses = made["val_loss"], made["test_loss"]
            print(f"| {label} | {made['parameters']:,} | {losses[0]:.4f} | {losses[1]:.4f} | {goal or ''} | "
                  f"{processor_seconds() - before:.0f} |", flush=True)
            missed += [f"{label}: {max(losses):.4f} instead of {goal}"] if goal and max(losses) > goal else []
    expect(not missed, "\n".join(missed))


def processor_seconds():
    """What the programs that have ended took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def pairs(words):
    """Each option with its value, or with `None`."""
    for place, word in enumerate(words):
        if word.startswith("--"):
            value = words[place + 1] if place + 1 < len(words) else "--"
            yield word, None if value.startswith("--") else value


if __name__ == "__main__":
    main()
