#!/usr/bin/env python3
"""Rebuild the Indian given-name lists from exact, checksummed PyPI packages.

    python3 extract_indian_names.py [--out DIR] [--cache DIR] [--check]

Needs only Python >= 3.9 and pip; no package is installed or imported, its
archive is only read.  Writes, in DIR (default: this script's directory):

    indian_names.tsv      name <TAB> m|f|u      (u: used for both genders),
                          a-z only, sorted by name, no duplicates
    devanagari_names.txt  tamil_names.txt  odia_names.txt  bengali_names.txt

--check writes nothing and exits 1 if a file in DIR differs from a fresh build.

How indian_names is built
  1  genderly      list_NameGender.csv; m/f; mostly Hindu, Sikh and Jain names
  2  indigen       the first-name lists of its state modules; m/f; adds the Muslim,
                   Christian and Parsi names that 1 lacks (Tribal_File is left out:
                   its lists mix given names with clan names)
  3  getindianname only the names that Faker's en_IN or en_PK also has as first names:
                   by itself the list is too noisy
  Names are lower-cased, stripped, ^[a-z]{2,15}$; 2 and 3 lose TITLES, all lose DROP.
  The label is that of the first of 1, 2, 3 that has the name: m or f; u where that
  source has the name for both.
"""
import argparse, ast, collections, csv, hashlib, io, pathlib, re, subprocess, sys
import tarfile, tempfile, unicodedata, zipfile

PACKAGES = {  # requirement: (file name, sha256)
    "genderly==0.106": (
        "genderly-0.106.tar.gz",
        "8f83b6632ec0440536f47eb39222dfc7161775ef8e933d5536fce4cfdea86a0c"),
    "getindianname==1.0.7": (
        "getindianname-1.0.7-py3-none-any.whl",
        "194af0fe2698bfe00980abc3d5340062e5ba9564aeb10a4968972a5dd741a70e"),
    "indigen==0.1.3": (
        "indigen-0.1.3-py3-none-any.whl",
        "72d0b6ded6865ed66884613cd531d680b175e0a0c55932653393a1a5d3701e61"),
    "Faker==40.54.0": (
        "faker-40.54.0-py3-none-any.whl",
        "2dd88ee8cb63a9149e19ef48bdd73879bc3854d8ba2d6c1535e902a762e603f7"),
}
# titles and surnames that stand among the first names of indigen and getindianname
TITLES = set("begum bibi bint kaur khan khana khatoon khatun kumari naidu sahib shaikh sheikh "
             "singh syed".split())
# genderly entries that are no given names or are unfit to sample from
DROP = set("angle chain colour gun had hard him hindi japan jap kum math mod mutha navy paris "
           "parish pices ran sanskrit say somalia irish".split())
NAME = re.compile(r"[a-z]{2,15}")


def fetch(cache):
    """{requirement: bytes}, each checked against its sha256."""
    out = {}
    for req, (fname, sha) in PACKAGES.items():
        p = cache / fname
        if not (p.exists() and hashlib.sha256(p.read_bytes()).hexdigest() == sha):
            subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                            "--disable-pip-version-check", "--dest", str(cache), req], check=True)
        data = p.read_bytes()
        got = hashlib.sha256(data).hexdigest()
        if got != sha:
            sys.exit(f"{fname}: sha256 {got}, expected {sha}")
        out[req.split("==")[0]] = data
    return out


def member(data, path):
    """One file's text out of a wheel or an sdist."""
    if data[:2] == b"PK":
        raw = zipfile.ZipFile(io.BytesIO(data)).read(path)
    else:
        raw = tarfile.open(fileobj=io.BytesIO(data), mode="r:gz").extractfile(path).read()
    return raw.decode("utf-8", "replace")


def faker(data, locale, prefix="first_names"):
    """Strings in the attributes of Faker's person provider whose names start so."""
    src = member(data, f"faker/providers/person/{locale}/__init__.py")
    cls = next(c for c in ast.parse(src).body
               if isinstance(c, ast.ClassDef) and c.name == "Provider")
    found = []
    for node in cls.body:
        names = node.targets if isinstance(node, ast.Assign) else \
            [node.target] if isinstance(node, ast.AnnAssign) else []
        if any(getattr(n, "id", "").startswith(prefix) for n in names) and node.value is not None:
            found += [c.value for c in ast.walk(node.value)
                      if isinstance(c, ast.Constant) and isinstance(c.value, str)]
    if not found:
        sys.exit(f"Faker {locale}: nothing under {prefix}")
    return found


def indigen(data):
    """(name, m|f) of every first-name list in indigen's state modules."""
    for path in sorted(zipfile.ZipFile(io.BytesIO(data)).namelist()):
        if not re.fullmatch(r"indigen/state_modules/(?!Tribal)\w+_File\.py", path):
            continue
        for node in ast.walk(ast.parse(member(data, path))):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.List):
                var = getattr(node.targets[0], "id", "")
                if "firstname" in var or re.search(r"male_names$", var):
                    for c in node.value.elts:
                        if isinstance(c, ast.Constant) and isinstance(c.value, str):
                            yield c.value, "f" if "female" in var else "m"


def build(pk):
    fold = lambda s: s.lower().strip()
    one, two, three = (collections.defaultdict(set) for _ in range(3))
    for row in csv.reader(io.StringIO(member(
            pk["genderly"], "genderly-0.106/genderly/data/list_NameGender.csv"))):
        if len(row) >= 2 and row[1] in ("M", "F"):
            one[fold(row[0])].add(fold(row[1]))
    for name, sex in indigen(pk["indigen"]):
        two[fold(name)].add(sex)
    witness = {fold(x) for loc in ("en_IN", "en_PK") for x in faker(pk["Faker"], loc)}
    for sex in ("male", "female"):
        for name in member(pk["getindianname"], f"getindianname/{sex}name.txt").splitlines():
            if fold(name) in witness:
                three[fold(name)].add(sex[0])

    final, stats = {}, {}
    for src, names, stop in (("genderly", one, DROP), ("indigen", two, DROP | TITLES),
                             ("getindianname", three, DROP | TITLES)):
        before = len(final)
        for n, sexes in names.items():
            if n not in final and n not in stop and NAME.fullmatch(n):
                final[n] = "u" if len(sexes) > 1 else next(iter(sexes))
        stats[src] = len(final) - before
    order = sorted(final)
    files = {"indian_names.tsv": [f"{n}\t{final[n]}" for n in order]}

    # other scripts: letters and marks of one Unicode block, NFC, no zero-width joiners
    for out, block, locales in (
            ("devanagari_names.txt", "\u0900-\u097f", ("hi_IN", "mr_IN", "ne_NP")),
            ("tamil_names.txt", "\u0b80-\u0bff", ("ta_IN",)),
            ("odia_names.txt", "\u0b00-\u0b7f", ("or_IN",)),
            ("bengali_names.txt", "\u0980-\u09ff", ("bn_BD",))):
        names = {unicodedata.normalize("NFC", re.sub("[\u200b-\u200d\ufeff]", "", x)).strip()
                 for loc in locales for x in faker(pk["Faker"], loc)}
        files[out] = sorted(n for n in names if re.fullmatch(f"[{block}]{{2,20}}", n))

    stats["labels"] = dict(sorted(collections.Counter(final.values()).items()))
    return {k: "".join(x + "\n" for x in v).encode() for k, v in files.items()}, stats


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent)
    ap.add_argument("--cache", type=pathlib.Path, help="keep or reuse the downloaded archives here")
    ap.add_argument("--check", action="store_true")
    a = ap.parse_args()
    with tempfile.TemporaryDirectory() as tmp:
        cache = a.cache or pathlib.Path(tmp)
        cache.mkdir(parents=True, exist_ok=True)
        files, stats = build(fetch(cache))
    bad = 0
    a.out.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        p = a.out / name
        state = "wrote"
        if a.check:
            same = p.exists() and p.read_bytes() == data
            state, bad = ("same" if same else "DIFFERS"), bad + (not same)
        else:
            p.write_bytes(data)
        print(f"{state}  {hashlib.sha256(data).hexdigest()}  {data.count(10):6d}  {name}")
    print(stats)
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
