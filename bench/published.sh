#!/usr/bin/env bash
# The published figures of the lecture's network, made again with the literal loop.
#
#   bench/published.sh FOLDER     FOLDER holds train.txt, val.txt and test.txt: names.txt of
#                                 makemore after random.seed(42), shuffled, 80/10/10 by name
#
# Prints a row for each preset; bench/RESULTS.md keeps them with date and machine.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:-}
if [[ ! -f $folder/train.txt || ! -f $folder/val.txt || ! -f $folder/test.txt ]]; then
    echo "skipped: give the folder with train.txt, val.txt and test.txt" >&2
    exit 0
fi

cargo build --release --quiet
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

printf '| preset | published val | published test | val | test | training |\n|---|---|---|---|---|---|\n'
row() {
    local preset=$1 published_val=$2 published_test=$3
    target/release/nextchar train "$folder/train.txt" --val "$folder/val.txt" \
        --test "$folder/test.txt" --keep-duplicates --preset "$preset" \
        --out "$scratch/$preset.safetensors" --json 2>/dev/null |
        python3 -c '
import json, sys
found, (preset, val, test) = json.load(sys.stdin), sys.argv[1:]
print("| `{}` | {} | {} | {:.4f} | {:.4f} | {:.1f} s |".format(
    preset, val, test, found["val_loss"], found["test_loss"], found["train_seconds"]))
' "$preset" "$published_val" "$published_test"
}
row part2 2.1696 2.1631
row kaiming 2.1070 2.1050
