#!/usr/bin/env python3
"""Is it a name? The verdict of `nextchar score`, learning from 5,000 Indian names, on all the others.

    bench/plausibility.py [TRAIN OPTION ...]      such as: --preset best

Held-out names against their own letters shuffled and against uniform letters of the same lengths:
area under the ROC curve with 95 % intervals (bootstrap over words), what single statistics reach,
where the errors stand by length, and the false-rejection rate that was promised. Then a limit: the
model's own names against uniform letters. There ln P is known exactly, so ln P minus that of uniform letters
is the best statistic that can be (Neyman–Pearson), and its area an estimate of what is possible.
"""

import bisect
import json
import math
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "target" / "release" / "nextchar"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
LEARNT_FROM = 5000
ROUNDS = 200


def nextchar(*arguments, stdin=None):
    run = subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True, text=True, check=True)
    return run.stdout


def score(model, words):
    lines = nextchar("score", "-m", model, "--file", "-", "--json", stdin="\n".join(words) + "\n")
    return [json.loads(line) for line in lines.splitlines()]


def placements(names, others):
    """For each name, the share of others with a lower score; ties half."""
    others = sorted(others)
    both = [bisect.bisect_left(others, x) + bisect.bisect_right(others, x) for x in names]
    return [count / 2 / len(others) for count in both]


def auc(names, others):
    shares = placements(names, others)
    return sum(shares) / len(shares)


def interval(names, others, rng):
    """95 %: each round draws names and other words anew."""
    found = sorted(
        auc(rng.choices(names, k=len(names)), rng.choices(others, k=len(others))) for _ in range(ROUNDS)
    )
    return found[round(0.025 * ROUNDS)], found[round(0.975 * ROUNDS) - 1]


def statistics(letter_shares):
    uniform = math.log(len(LETTERS))
    unigram = lambda row: sum(letter_shares[letter] for letter in row["text"])
    return {
        "the verdict": lambda row: row["score"],
        "ln P a character": lambda row: row["per_char"],
        "ln P": lambda row: row["log_prob"],
        "ln P − ln P of uniform letters": lambda row: row["log_prob"] + uniform * len(row["text"]),
        "ln P − ln P of unigram letters": lambda row: row["log_prob"] - unigram(row),
    }


def main():
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    shown = nextchar("data", "show", "indian-names")
    names = sorted({line.split("\t")[0] for line in shown.splitlines()})
    random.Random(1).shuffle(names)
    learnt, others = names[:LEARNT_FROM], names[LEARNT_FROM:]
    rng = random.Random(2)
    shuffled = [word for name in others if (word := "".join(rng.sample(name, len(name)))) != name]
    uniform = ["".join(rng.choices(LETTERS, k=len(name))) for name in others]
    counts = Counter("".join(learnt))
    total = sum(counts.values())
    shares = {letter: math.log((counts[letter] + 1) / (total + 26)) for letter in LETTERS}

    with tempfile.TemporaryDirectory() as folder:
        listed, model = Path(folder, "list.txt"), Path(folder, "model.safetensors")
        listed.write_text("\n".join(learnt) + "\n")
        nextchar("train", str(listed), "--out", str(model), "--json", *sys.argv[1:])
        held, apart, blind = (score(model, words) for words in (others, shuffled, uniform))
        print(f"{LEARNT_FROM:,} names to learn from, {len(others):,} to judge\n")
        print("| statistic | against shuffles | against uniform letters |\n|---|---|---|")
        for label, statistic in statistics(shares).items():
            columns = []
            own = [statistic(row) for row in held]
            for rows in (apart, blind):
                other = [statistic(row) for row in rows]
                column = f"{auc(own, other):.5f}"
                if label == "the verdict":
                    column += " ({:.5f} to {:.5f})".format(*interval(own, other, rng))
                columns.append(column)
            print(f"| {label} | {' | '.join(columns)} |")

        print("\n| letters | names | within this length, uniform letters | share of all errors |\n|---|---|---|---|")
        own, other = ([row["score"] for row in rows] for rows in (held, blind))
        misses = [1 - share for share in placements(own, other)]
        for length in range(3, 13):
            where = [i for i, name in enumerate(others) if len(name) == length]
            within = auc([own[i] for i in where], [other[i] for i in where])
            share = sum(misses[i] for i in where) / sum(misses)
            print(f"| {length} | {len(where):,} | {within:.5f} | {100 * share:.0f} % |")

        print("\n| promised false rejection | names rejected | shuffles rejected | uniform letters rejected |")
        print("|---|---|---|---|")
        for promised in (0.01, 0.02, 0.05):
            cells = []
            for rows in (held, apart, blind):
                rejected = sum(row["percentile"] < 100 * promised for row in rows)
                cells.append(f"{100 * rejected / len(rows):.2f} %")
            print(f"| {100 * promised:.0f} % | {' | '.join(cells)} |")

        drawn = nextchar("generate", "-m", str(model), "-n", "30000", "--seed", "7").split()
        blind = ["".join(rng.choices(LETTERS, k=len(name))) for name in drawn]
        best = statistics(shares)["ln P − ln P of uniform letters"]
        own, other = ([best(row) for row in score(model, words)] for words in (drawn, blind))
        low, high = interval(own, other, rng)
        print(f"\nThe model's own names against uniform letters, by the best statistic that can be: "
              f"{auc(own, other):.5f} ({low:.5f} to {high:.5f})")


if __name__ == "__main__":
    main()
