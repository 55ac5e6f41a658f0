#!/usr/bin/env python3
"""Is it a name? The verdict of `nextchar score`, learning from 5,000 Indian names, on the others.

    bench/plausibility.py [TRAIN OPTION ...]      such as: --preset best

Held-out names against their own letters shuffled and against uniform letters of the same lengths:
area under the ROC curve with 95 % intervals (bootstrap over words), what single statistics reach,
where the errors stand by length, and the false-rejection rate that was promised; then the same verdict
after other numbers of names. A list is split as always: of 6,250 names the network learns 5,000, and the
others choose the step and calibrate. Names that also stand in `world-names`, which the verdict knows, are
counted apart. Then a limit: the model's own names against uniform letters. There ln P is known exactly, so
ln P minus that of uniform letters is the best statistic that can be (Neyman–Pearson), and its area an
estimate of what is possible to who knows nothing but the list.
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
CURVE = (240, 1000, 5000, 20_000)
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


def listed(name):
    return sorted({line.split("\t")[0] for line in nextchar("data", "show", name).splitlines()})


class Judged:
    """What a model that learnt from some of the names says of the others, and of what is none."""

    def __init__(self, folder, learnt_from):
        names = listed("indian-names")
        random.Random(1).shuffle(names)
        cut = learnt_from * 10 // 8
        self.learnt, self.others, self.rng = names[:cut], names[cut:], random.Random(2)
        shuffles = (("".join(self.rng.sample(name, len(name))), name) for name in self.others)
        self.words = {
            "names": self.others,
            "shuffles": [word for word, name in shuffles if word != name],
            "uniform": ["".join(self.rng.choices(LETTERS, k=len(name))) for name in self.others],
        }
        listing, self.model = Path(folder, "list.txt"), str(Path(folder, "model.safetensors"))
        listing.write_text("\n".join(self.learnt) + "\n")
        nextchar("train", str(listing), "--out", self.model, "--json", *sys.argv[1:])
        self.rows = {kind: score(self.model, words) for kind, words in self.words.items()}

    def area(self, other, statistic=lambda row: row["score"], among=None, bounds=False):
        """Names (those in `among`, where it is given) against other words."""
        own = [statistic(row) for row in self.rows["names"] if among is None or row["text"] in among]
        other = [statistic(row) for row in self.rows[other]]
        low_high = " ({:.5f} to {:.5f})".format(*interval(own, other, self.rng)) if bounds else ""
        return f"{auc(own, other):.5f}{low_high}"


def main():
    subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=ROOT, check=True)
    world = set(listed("world-names"))
    with tempfile.TemporaryDirectory() as folder:
        judged = Judged(folder, LEARNT_FROM)
        others, rng = judged.others, judged.rng
        held, apart, blind = judged.rows.values()
        new = set(others) - world
        counts = Counter("".join(judged.learnt))
        total = sum(counts.values())
        shares = {letter: math.log((counts[letter] + 1) / (total + 26)) for letter in LETTERS}
        print(f"{LEARNT_FROM:,} names to learn from, {len(others):,} to judge, "
              f"of which {len(others) - len(new):,} stand in world-names\n")
        print("| statistic | against shuffles | against uniform letters |\n|---|---|---|")
        for label, statistic in statistics(shares).items():
            bounds = label == "the verdict"
            columns = [judged.area(other, statistic, bounds=bounds) for other in ("shuffles", "uniform")]
            print(f"| {label} | {' | '.join(columns)} |")
            if bounds:
                columns = [judged.area(other, among=new, bounds=True) for other in ("shuffles", "uniform")]
                print(f"| the verdict, names not in world-names | {' | '.join(columns)} |")

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

        drawn = nextchar("generate", "-m", judged.model, "-n", "30000", "--seed", "7").split()
        blind = ["".join(rng.choices(LETTERS, k=len(name))) for name in drawn]
        best = statistics(shares)["ln P − ln P of uniform letters"]
        own, other = ([best(row) for row in score(judged.model, words)] for words in (drawn, blind))
        low, high = interval(own, other, rng)
        print(f"\nThe model's own names against uniform letters, by the best statistic that can be: "
              f"{auc(own, other):.5f} ({low:.5f} to {high:.5f})")

        print("\n| names to learn from | against shuffles | against uniform letters | the same, names not in world-names |")
        print("|---|---|---|---|")
        for learnt_from in CURVE:
            judged = Judged(folder, learnt_from)
            columns = [judged.area("shuffles"), judged.area("uniform", bounds=True), judged.area("uniform", among=new)]
            print(f"| {learnt_from:,} | {' | '.join(columns)} |", flush=True)


if __name__ == "__main__":
    main()
