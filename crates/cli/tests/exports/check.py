"""Reads every export with the program that it is for, and compares with what nextchar itself says.

    check.py NEXTCHAR [FORMAT …]

Small models of five classes are compared in every context; the model of the program on its own names.
"""

import importlib.util
import itertools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

NEXTCHAR = Path(sys.argv[1]).resolve()
ALPHABET = "abcd"
NAMES = """abba baba abcd dada caba badac dacb aab bbd cd ac dabb cabd bada abab cada dad bab
acad badb cabab dcb abd""".split()

# What is trained, by name: shapes, activations, several networks, counts.
NETWORK = "--steps 150 --context 3 --embedding 4"
MODELS = {
    "tanh": f"--family network {NETWORK} --hidden 8 --activation tanh",
    "linear": f"--family network {NETWORK} --hidden none",
    "gelu": f"--family network {NETWORK} --hidden 8,8,6 --residual --activation gelu",
    "two": f"--family network {NETWORK} --hidden 8,8 --networks 2 --residual --activation relu",
    "mixture": f"--family mixture {NETWORK} --hidden 8 --networks 2 --counts-context 2",
    "counts": "--family kneser-ney --counts-context 3",
}


def run(*arguments, code=0):
    """What the program prints on standard output and standard error."""
    done = subprocess.run([NEXTCHAR, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == code, (arguments, done.returncode, done.stderr)
    return done.stdout, done.stderr


def contexts(length):
    """Every context that a name can have, as text."""
    for letters in range(length + 1):
        for text in itertools.product(ALPHABET, repeat=letters):
            yield "_" * (length - letters) + "".join(text)


def tokens_of(texts, alphabet=ALPHABET):
    return np.array([[("_" + alphabet).index(letter) for letter in text] for text in texts], np.int64)


def log_softmax(logits):
    shifted = logits - logits.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


class Model:
    """A small model, and its own answers in every context."""

    def __init__(self, folder, name, options):
        self.name, self.path = name, folder / f"{name}.safetensors"
        (folder / "list").write_text("\n".join(NAMES))
        run("train", folder / "list", "--alphabet", "data", "--split", "1,0,0",
            "--out", self.path, *options.split())
        shape = json.loads(run("inspect", "-m", self.path, "--json")[0])
        self.networks = len(shape["networks"])
        self.length = 3
        self.contexts = list(contexts(self.length))
        self.tokens = tokens_of(self.contexts)
        answers = [json.loads(run("next", text, "-m", self.path, "--json")[0]) for text in self.contexts]
        symbols = "_" + ALPHABET
        self.log_probs = np.log([[answer["probs"][symbol] for symbol in symbols] for answer in answers])
        self.logits = None
        if self.networks:
            stages = [json.loads(run("explain", text, "-m", self.path, "--json")[0])
                      for text in self.contexts]
            self.logits = np.array([stage["logits"] for stage in stages])


def differ(what, found, expected, bound):
    worst = float(np.abs(np.asarray(found, float) - expected).max())
    print(f"  {what:<44} {worst:.1e}")
    assert worst < bound, f"{what}: {worst} is not below {bound}"


def imported(path):
    """A program of the export, as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def own_names(model="", count=400):
    """Test names of the program's list with the log-probability of each letter."""
    listed = run("generate", "-n", count, "--seed", "check", *model)[0].split()
    scored = run("score", "--json", *model, "--", *listed)[0].splitlines()
    return [json.loads(line) for line in scored]


def windows_of(scored, length):
    """Contexts, targets and log-probabilities of scored names."""
    texts, targets, log_probs = [], [], []
    for row in scored:
        text = "_" * length
        for step in row["tokens"]:
            texts.append(text[len(text) - length:])
            targets.append(step["token"])
            log_probs.append(step["log_prob"])
            text += step["token"]
    return texts, targets, np.array(log_probs)


def check_programs(folder, models):
    """PyTorch and NumPy: logits in every context, and a model trained in PyTorch read back."""
    import torch
    from safetensors.torch import save_file

    az = "abcdefghijklmnopqrstuvwxyz"
    for kind in ["pytorch", "numpy"]:
        for model in models.values():
            out = folder / f"{model.name}_{kind}.py"
            if not model.networks:
                assert "counts alone" in run("export", "-f", kind, "-o", out, "-m", model.path, code=1)[1]
                continue
            said = run("export", "-f", kind, "-o", out, "-m", model.path)[1]
            assert ("the counts are left out" in said) == (model.name == "mixture"), said
            program = imported(out)
            if kind == "pytorch":
                module, hints = program.load()
                state = module.state_dict()
                module.load_state_dict(state, strict=True)
                with torch.no_grad():
                    logits = module(torch.from_numpy(model.tokens)).numpy()
            else:
                tensors, hints = program.load()
                logits = program.model_of(tensors, hints).logits(model.tokens)
            assert hints["vocab"] == ALPHABET
            if model.networks == 1:
                differ(f"{kind}, {model.name}: logits", logits, model.logits, 1e-5)
            if model.name != "mixture":
                differ(f"{kind}, {model.name}: ln P", log_softmax(logits), model.log_probs, 1e-5)
        # The network of the program's own model, on the windows of a few hundred names.
        out = folder / f"own_{kind}.py"
        run("export", "-f", kind, "-o", out)
        program = imported(out)
        texts, targets, expected = windows_of(own_names(["-m", out.with_suffix(".safetensors")]), 6)
        tokens = tokens_of(texts, az)
        if kind == "pytorch":
            with torch.no_grad():
                logits = program.load()[0](torch.from_numpy(tokens)).double().numpy()
        else:
            logits = program.model_of(*program.load()).logits(tokens)
        found = log_softmax(logits)[np.arange(len(tokens)), tokens_of([[t] for t in targets], az)[:, 0]]
        differ(f"{kind}, the program's network: ln P", found, expected, 1e-5)
        printed = subprocess.run([sys.executable, out, "-n", "3"], capture_output=True, text=True, check=True)
        assert len(printed.stdout.split()) == 3, printed.stdout
        # Another script, whose characters are a table in the file.
        other = folder / f"other_{kind}.py"
        run("train", "devanagari-names", *MODELS["tanh"].split(), "--force", "--out", folder / "other")
        run("export", "-f", kind, "-o", other, "-m", folder / "other")
        answer = json.loads(run("next", "मी", "-m", folder / "other", "--json")[0])["probs"]
        printed = subprocess.run([sys.executable, other, "--next", "मी"], capture_output=True, text=True, check=True)
        lines = dict(line.rsplit("  ", 1) for line in printed.stdout.splitlines())
        assert lines.keys() == answer.keys()
        found, expected = (np.array([float(row[letter]) for letter in answer]) for row in (lines, answer))
        differ(f"{kind}, Devanagari: P", found, expected, 1e-4)

    # The other way: a network made and trained in PyTorch, with and without a word about itself.
    program = imported(folder / "own_pytorch.py")
    torch.manual_seed(1)
    for hints in [None, {"activation": "gelu", "residual": True, "longest_name": 9}]:
        network = program.Network(27, 3, 5, [16, 16], **{"activation": "tanh"} if hints is None else
                                  {"activation": "gelu", "residual": True})
        texts = ["___", "__a", "_ab", "abc", "zzz"]
        tokens = torch.from_numpy(tokens_of(texts, az))
        optimizer = torch.optim.AdamW(network.parameters())
        for _ in range(20):
            optimizer.zero_grad()
            nn = torch.nn.functional.cross_entropy(network(tokens), torch.tensor([1, 2, 3, 0, 26]))
            nn.backward()
            optimizer.step()
        path = folder / "mine.safetensors"
        if hints is None:
            save_file(network.state_dict(), path)
        else:
            program.save(network, hints, path)
        with torch.no_grad():
            expected = log_softmax(network(tokens).double().numpy())
        answers = [json.loads(run("next", text, "-m", path, "--json")[0])["probs"] for text in texts]
        found = np.log([[answer[letter] for letter in "_" + az] for answer in answers])
        differ(f"read back, {'no hints' if hints is None else 'hints'}: ln P", found, expected, 1e-5)
        names = run("generate", "-m", path, "-n", 5)[0].split()
        assert len(names) == 5 and max(map(len, names)) <= (hints or {}).get("longest_name", 20)
        run("score", "-m", path, "aadesh")
        run("inspect", "-m", path)
        run("evaluate", "-m", path, "finnish-names", "--names", 50)


def check_onnx(folder, models):
    """ONNX: the checker's verdict, and onnxruntime's numbers in every context, in batches of any size."""
    import onnx
    import onnxruntime

    for model in models.values():
        path = folder / f"{model.name}.onnx"
        run("export", "-f", "onnx", "-o", path, "-m", model.path)
        onnx.checker.check_model(path, full_check=True)
        session = onnxruntime.InferenceSession(path)
        [logits] = session.run(["logits"], {"tokens": model.tokens})
        assert session.get_inputs()[0].shape == ["batch", model.length]
        differ(f"onnx, {model.name}: ln P", log_softmax(logits), model.log_probs, 1e-5)
        [one] = session.run(["logits"], {"tokens": model.tokens[7:8]})
        differ(f"onnx, {model.name}: a batch of 1", one, logits[7:8], 1e-5)
        if model.networks == 1 and model.name != "mixture":
            differ(f"onnx, {model.name}: logits", logits, model.logits, 1e-5)
    said = run("export", "-f", "onnx", "-o", folder / "no.onnx", code=1)[1]
    assert "a context of 4 fits" in said and "--counts-context 4" in said, said


def check_embeddings(folder, models):
    """word2vec text and projector TSV: the very numbers of the embedding."""
    from safetensors.numpy import load_file

    def vectors_of(path, rows):
        return np.array([[float(x) for x in row] for row in rows], np.float32)

    for name in ["tanh", "two"]:
        model = models[name]
        tensors = load_file(model.path)
        parts = ["embedding"] if model.networks == 1 else ["member.0.embedding", "member.1.embedding"]
        expected = np.hstack([tensors[f"{part}.weight"] for part in parts])
        text = folder / f"{name}.vectors"
        run("export", "-f", "word2vec", "-o", text, "-m", model.path)
        first, *rows = [line.split(" ") for line in text.read_text().splitlines()]
        assert [int(x) for x in first] == list(expected.shape)
        assert [row[0] for row in rows] == list("_" + ALPHABET)
        assert (vectors_of(text, [row[1:] for row in rows]) == expected).all()
        table = folder / f"{name}.tsv"
        run("export", "-f", "projector", "-o", table, "-m", model.path)
        rows = [line.split("\t") for line in table.read_text().splitlines()]
        assert (vectors_of(table, rows) == expected).all()
        head, *letters = [line.split("\t") for line in
                          (folder / f"{name}.metadata.tsv").read_text().splitlines()]
        assert head == ["letter", "count"]
        text = "".join(name + "_" for name in NAMES)
        assert letters == [[letter, str(text.count(letter))] for letter in "_" + ALPHABET], letters
    print("  word2vec, projector: equal")


def check_arpa(folder, models):
    """ARPA: KenLM's score of every letter, for small models, and for the program's list at full size."""
    import kenlm
    import pyarrow.parquet

    quiet = kenlm.Config()
    quiet.show_progress, quiet.arpa_complain = False, kenlm.ARPALoadComplain.NONE

    def compare(what, path, arpa, words):
        scored = [json.loads(line) for line in run("score", "--json", "-m", path, "--", *words)[0].splitlines()]
        reader = kenlm.Model(str(arpa), quiet)
        found, expected = [], []
        for row in scored:
            letters = " ".join(row["text"])
            found.append(reader.score(letters, bos=True, eos=True))
            expected.append(row["log_prob"] / np.log(10))
            found += [score for score, _, _ in reader.full_scores(letters)]
            expected += [step["log_prob"] / np.log(10) for step in row["tokens"]]
        differ(f"arpa, {what}: log10 P, {len(scored)} words", found, np.array(expected), 1e-4)

    words = ["".join(letters) for n in range(1, 6) for letters in itertools.product(ALPHABET, repeat=n)]
    for model in models.values():
        path = folder / f"{model.name}.arpa"
        run("export", "-f", "arpa", "-o", path, "-m", model.path)
        compare(model.name, model.path, path, words)
    # Sizes that people have: half a million n-grams, and counts of order 6.
    names = run("generate", "-n", 1000, "--seed", "check")[0].split()
    for what, options in {
        "a network, context 3": "--family network --context 3 --embedding 10 --hidden 100 --steps 300",
        "Kneser-Ney, context 5": "--family kneser-ney --counts-context 5",
    }.items():
        model, path = folder / "full.safetensors", folder / "full.arpa"
        run("train", "--no-refit", "--out", model, *options.split())
        said = run("export", "-f", "arpa", "-o", path, "-m", model, "--force")
        print(f"  {said[0].strip().split(': ')[1]}, {sum(1 for _ in path.open())} lines")
        compare(what, model, path, names)

    said = run("export", "-f", "arpa", "-m", model, "-o", folder / "pruned.arpa", "--prune", 1e-5, "--context", 3)[1]
    loss = float(said.split("a loss of ")[1].split()[0])
    # KenLM's own loss on the model's test names is what the export said that it would be.
    total, letters = 0.0, 0
    reader = kenlm.Model(str(folder / "pruned.arpa"), quiet)
    run("export", "-f", "counts", "-m", model, "--part", "test", "-o", folder / "test.parquet")
    rows = pyarrow.parquet.read_table(folder / "test.parquet").to_pylist()
    for row in rows:
        history = row["context"].lstrip("_")
        state, out = kenlm.State(), kenlm.State()
        begins = len(history) < len(row["context"])
        reader.BeginSentenceWrite(state) if begins else reader.NullContextWrite(state)
        for letter in history:
            reader.BaseScore(state, letter, out)
            state, out = out, kenlm.State()
        target = "</s>" if row["next"] == "_" else row["next"]
        total -= row["count"] * reader.BaseScore(state, target, out) * np.log(10)
        letters += row["count"]
    differ("arpa, pruned: loss on the test names", [total / letters], loss, 1e-4)


def check_counts(folder, models):
    """Counts: what GROUP BY over windows makes is what the export makes, and it trains the same model."""
    import pyarrow
    import pyarrow.parquet

    names = run("generate", "-n", 300, "--seed", "check", "--unique")[0].split()
    (folder / "names").write_text("\n".join(names))
    common = ["--steps", 40, "--hidden", 16, "--family", "network", "--context", 4]
    run("train", folder / "names", "--split", "1,0,0", "--out", folder / "list.model", *common)
    run("export", "-f", "counts", "-m", folder / "list.model", "-o", folder / "own.parquet")
    rows = []
    for name in names:
        text = "_" * 6 + name + "_"
        rows += [(text[i : i + 6], text[i + 6]) for i in range(len(name) + 1)]
    windows = pyarrow.table({"context": [c for c, _ in rows], "next": [n for _, n in rows],
                             "one": [1] * len(rows)})
    grouped = windows.group_by(["context", "next"]).aggregate([("one", "count")])
    grouped = grouped.rename_columns({"one_count": "count"})
    own = pyarrow.parquet.read_table(folder / "own.parquet")
    assert own.schema.names == ["context", "next", "count", "fold"], own.schema
    summed = own.group_by(["context", "next"]).aggregate([("count", "sum")])
    as_set = lambda table, count: set(zip(*(table[name].to_pylist() for name in ["context", "next", count])))
    assert as_set(summed, "count_sum") == as_set(grouped, "count")
    from safetensors.numpy import load_file
    expected = load_file(folder / "list.model")
    for compression in ["snappy", "none"]:
        pyarrow.parquet.write_table(grouped, folder / "group.parquet", compression=compression)
        run("train", "--counts", folder / "group.parquet", "--out", folder / "count.model", *common)
        found = load_file(folder / "count.model")
        for name in ["embedding.weight", "hidden.0.weight", "output.weight", "output.bias"]:
            assert (found[name] == expected[name]).all(), name
    print(f"  counts: {grouped.num_rows} grouped windows, the same rows and the same model")


CHECKS = {"programs": check_programs, "onnx": check_onnx, "arpa": check_arpa, "counts": check_counts, "embeddings": check_embeddings}


def main():
    wanted = sys.argv[2:] or list(CHECKS)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        models = {name: Model(folder, name, options) for name, options in MODELS.items()}
        for name in wanted:
            started = time.monotonic()
            CHECKS[name](folder, models)
            print(f"{name}: {time.monotonic() - started:.1f} s")


if __name__ == "__main__":
    main()
