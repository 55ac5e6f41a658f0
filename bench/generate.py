"""Names a second, and names under hard conditions, beside what else writes names; one run, interleaved.

    bench/generate [--rounds 3] [--only abc]

Prints the tables of bench/RESULTS.md; a figure is the median of the rounds, with the smallest and the
largest. Every competitor's names are counted and their mean length is compared with ours.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
PROGRAM = str(HERE.parent / "target/release/nextchar")
PYTHON = [str(HERE / ".cache/generate/bin/python"), str(HERE / "rivals/markov.py")]
RAW = ["cargo", "bench", "--quiet", "-p", "nextchar-parallel", "--bench", "names", "--"]
RUST = str(HERE / ".cache/multimarkov/release/bench-multimarkov")
LONGEST = 15

parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--only", default="abc", help="sections, such as ab")
args = parser.parse_args()
scratch = Path(tempfile.mkdtemp())
MODELS = {
    3: ("lecture's network, context 3, 11,897 parameters",
        ["--preset", "kaiming", "--context", "3", "--embedding", "10", "--hidden", "200", "--steps", "50000"]),
    6: ("residual network, context 6, 88,059 parameters",
        ["--preset", "kaiming", "--residual", "--activation", "gelu", "--context", "6", "--embedding", "16",
         "--hidden", "240,240", "--optimizer", "adamw", "--weight-decay", "0.1", "--schedule", "cosine",
         "--batch", "256", "--learning-rate", "0.008", "--dropout", "0.25", "--steps", "4000"]),
}


def model(context):
    path = scratch / f"{context}.safetensors"
    if not path.exists():
        subprocess.run([PROGRAM, "train", "indian-names", "--out", str(path), *MODELS[context][1]],
                       check=True, capture_output=True)
    return str(path)


def generate(context, count, *options):
    longest = () if "--max-length" in options else ("--max-length", LONGEST)
    return [PROGRAM, "generate", "-m", model(context), *map(str, ("-n", count, *longest, *options))]


def output(command):
    """What a command prints on both of its streams, and its seconds."""
    start = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout, done.stderr, time.perf_counter() - start


def to_pipe(command, names):
    """Names a second as text through a pipe; `wc -l` counts them."""
    start = time.perf_counter()
    first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    counted = subprocess.run(["wc", "-lc"], stdin=first.stdout, check=True, capture_output=True)
    seconds = time.perf_counter() - start
    lines, size = map(int, counted.stdout.split())
    assert first.wait() == 0 and lines == names, counted
    return names / seconds, (size - lines) / lines


def to_nowhere(command, names):
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return names / (time.perf_counter() - start), None


def rival(command):
    found = json.loads(subprocess.run(list(map(str, command)), check=True, capture_output=True).stdout)
    return found["names"] / found["seconds"], found["letters"] / found["names"]


def rows(title, competitors, unit, label, lengths=()):
    """Every competitor once a round, and a table of rates and of how many times slower they are."""
    found = {name: [] for name in competitors}
    means = {}
    for _ in range(args.rounds):
        for name, run in competitors.items():
            rate, mean = run()
            found[name].append(rate)
            means[name] = mean
    print(f"\n| {title} | {label} | ours is times as quick |\n|---|---|---|")
    base = statistics.median(next(iter(found.values())))
    for name, rates in found.items():
        middle = statistics.median(rates)
        print(f"| {name} | {middle / unit:.3g} ({min(rates) / unit:.3g}–{max(rates) / unit:.3g}) | {base / middle:.3g} |")
    for group, tolerance in lengths:
        measured = [means[name] for name in group if means[name] is not None]
        assert max(measured) - min(measured) < tolerance, (group, measured)
    sys.stdout.flush()


def free():
    print("\n## Names a second, nothing asked of them (10⁶ names/s; context 3)\n\n"
          f"The model is the {MODELS[3][0]}. As text, time is that of the whole program for ours, its start, "
          "reading the model and filling the tables included, and that of the loop alone for the others; as "
          "tokens, that of the loop for all, and ours fills its tables in it.")
    names = scratch / "names"
    names.write_text("\n".join(line.split("\t")[0] for line in output([PROGRAM, "data", "show", "indian-names"])[0].splitlines()))
    many = 20_000_000
    rival_of = lambda *words: lambda: rival([*PYTHON, *words])
    raw = lambda names, threads: lambda: rival([*RAW, model(3), names, threads, LONGEST])
    same_model = {
        "nextchar, two threads, tokens only": raw(5 * many, 2),
        "nextchar, one thread, tokens only": raw(2 * many, 1),
        "nextchar, two threads, to /dev/null": lambda: to_nowhere(generate(3, many), many),
        "nextchar, two threads, as text to a pipe": lambda: to_pipe(generate(3, many), many),
        "nextchar, one thread, to /dev/null": lambda: to_nowhere(generate(3, many // 4, "--threads", 1), many // 4),
        "nextchar, one thread, as text to a pipe": lambda: to_pipe(generate(3, many // 4, "--threads", 1), many // 4),
        "NumPy alias table, same model, one process, tokens only": rival_of("alias", model(3), 4_000_000),
        "NumPy alias table, same model, one process, as text": rival_of("alias", model(3), 4_000_000, "--decoded"),
        "NumPy alias table, same model, two processes, tokens only": rival_of("alias", model(3), 8_000_000, "--processes", 2),
        "NumPy alias table, same model, two processes, as text": rival_of("alias", model(3), 8_000_000, "--processes", 2, "--decoded"),
    }
    counts = {
        "multimarkov 1.1.0 (Rust), order 3": lambda: rival([RUST, names, 1_000_000]),
        "namemaker 1.2 (Python), order 3": rival_of("namemaker", names, 50_000),
        "markovify 0.9.4 (Python), order 3": rival_of("markovify", names, 50_000),
    }
    rows("way", {**same_model, **counts}, 1e6, "10⁶ names/s", [(list(same_model), 0.01), (list(counts), 0.2)])


def lazily():
    print("\n## Names a second with longer contexts (thousands; contexts asked for on the way)\n\n"
          f"The model is the {MODELS[6][0]}; text to a pipe, the whole program.")
    competitors = {f"{count:,} names, {threads} thread(s)":
                   (lambda count=count, threads=threads: to_pipe(generate(6, count, "--threads", threads), count))
                   for threads in (2, 1) for count in (1_000_000, 100_000)}
    rows("way", competitors, 1e3, "10³ names/s")


# What is asked for: options, the same as a test of a name, and what a beginning looks like that may still fit.
SIX = r".{0,4}|.{4}y|.{4}ya"
CASES = {
    "six letters ending in ya": (["--min-length", 6, "--max-length", 6, "--suffix", "ya"], r"....ya", SIX),
    "begins with sh, ends with a, seven letters":
        (["--min-length", 7, "--max-length", 7, "--prefix", "sh", "--suffix", "a"], r"sh....a", r"s?|sh.{0,4}|sh.{4}a"),
    "matches (ma\\|ra).*[aeiou]n[aeiou]":
        (["--pattern", "(ma|ra).*[aeiou]n[aeiou]"], r"(ma|ra).*[aeiou]n[aeiou]", r"[mr]?|[mr]a.*"),
    "six letters ending in ya, new":
        (["--min-length", 6, "--max-length", 6, "--suffix", "ya", "--novel"], r"....ya", SIX),
    "new": (["--novel"], r".*", r".*"),
}


def least(context, beginning, draws):
    """About how many contexts any exact way must ask for that knows nothing of one before it asked: those
    that so many free draws come by while they may still fit. For had it left one out, names through that
    one could have been any share of what it drew."""
    test, met = re.compile(beginning), set()
    for name in output(generate(context, draws, "--seed", "least"))[0].split():
        for end in range(len(name) + 1):
            if not test.fullmatch(name[:end]):
                break
            met.add((min(end, context), name[max(0, end - context):end]))
    return len(met)


def until_different(context, options, wanted):
    """Names that fit, repetitions too, until so many different ones were among them. The conditions' exact
    draws stand for the loop's: they have the same distribution."""
    count = 4 * wanted
    while True:
        seen = set()
        for drawn, name in enumerate(output(generate(context, count, *options))[0].split(), start=1):
            seen.add(name)
            if len(seen) == wanted:
                return drawn
        count *= 4


def filtering(context, pattern, new, wanted, known):
    """Letters and ends that the plain loop draws until enough names fit, and the seconds of our free draws
    with a filter behind them; both from a tenth of the names, for they grow with their number."""
    wanted = wanted // 10
    test, start, found, asked, seed = re.compile(pattern), time.perf_counter(), 0, 0, 0
    while found < wanted:
        seed += 1
        for name in output(generate(context, 300_000, "--seed", f"filter {seed}"))[0].split():
            asked += len(name) + 1
            if test.fullmatch(name) and not (new and name in known):
                found += 1
                if found == wanted:
                    break
    return asked * 10, (time.perf_counter() - start) * 10


def first_name(command):
    times = []
    for _ in range(5):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        process.stdout.readline()
        times.append(time.perf_counter() - start)
        process.kill()
        process.wait()
    return statistics.median(times)


def hard():
    known = {line.split("\t")[0] for line in output([PROGRAM, "data", "show", "indian-names"])[0].splitlines()}
    for context, wanted in ((3, 20_000), (6, 5_000)):
        tables = {False: [], True: []}
        for name, (options, pattern, beginning) in CASES.items():
            new, test = "--novel" in options, re.compile(pattern)
            by_filter, filter_seconds = filtering(context, pattern, new, wanted, known)
            for different, table in tables.items():
                asked_for = [*options, *["--unique"] * different]
                text, notes, seconds = output(generate(context, wanted, *asked_for))
                names = text.split()
                assert len(names) == wanted and all(test.fullmatch(one) and not (new and one in known) for one in names)
                assert not different or len(set(names)) == wanted
                asked = int(re.search(r"([\d,]+) contexts were asked for", notes)[1].replace(",", ""))
                told = re.search(r"probability (?:about )?(\S+?),? (exactly|counted|\()", notes)
                method = {"exactly": "exact", "counted": "draws", "(": "bounds"}[told[2]]
                fitting = until_different(context, options, wanted) if different else wanted
                plain = round(by_filter * fitting / wanted)
                fewest = f"{least(context, beginning, round(fitting / float(told[1]))):,}" if context > 3 else "–"
                first = f"{first_name(generate(context, 1, *asked_for)) * 1e3:.0f}"
                table.append(f"| {name} | {told[1]}, {method} | {fitting:,} | {asked:,} | {fewest} | {plain:,} | **{plain / asked:,.0f}** "
                             f"| {seconds:.2f} | {first} | {filter_seconds * fitting / wanted:.1f} |")
        for different, table in tables.items():
            print(f"\n## Hard conditions, {wanted:,} names{', all different' * different}: the {MODELS[context][0]}\n\n"
                  "| condition | probability, method | names that fit | contexts asked for | the least | by draw and filter | ratio "
                  "| seconds | first name, ms | free draws and a filter, seconds |\n|---|---|---|---|---|---|---|---|---|---|")
            print("\n".join(table), flush=True)


sections = {"a": free, "b": lazily, "c": hard}
for letter, section in sections.items():
    if letter in args.only:
        section()
