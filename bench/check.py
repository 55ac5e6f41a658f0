"""The benches fail when the runs behind their figures do not do what the figures claim.

    bench/run --check

Measures nothing: a program that gives prepared answers stands in for nextchar. Takes seconds.
"""

import json
import os
import random
import stat
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import common
import noise
import score

HERE = Path(__file__).resolve().parent
RESULT = {"parameters": 11_897, "stop": "finished", "steps": 350, "train_loss": 2.1, "val_loss": 2.1, "test_loss": 2.1,
          "step_seconds": 0.02, "train_seconds": 0.03, "seconds": 0.1, "read_seconds": 0.01, "contexts": 5, "examples": 9,
          "baselines": {"val": {"best_kneser_ney": 2.0}}}

# Prints the prepared answer to `train`, as many names as `generate` was asked for less MISSING, and fails
# at everything else.
PROGRAM = """#!/usr/bin/env python3
import os, sys
command, *words = sys.argv[1:]
if command == "train":
    print(os.environ["ANSWER"])
elif command == "generate":
    wanted = int(words[words.index("-n") + 1]) - int(os.environ["MISSING"])
    print("\\n".join(f"name{n}" for n in range(wanted)))
elif command == "data":
    print("anna\\nemma")
else:
    sys.exit(f"error: no answer was prepared to {command}")
"""


class Checks(unittest.TestCase):
    """The checks themselves, on results that are right and wrong."""

    def refuses(self, check, message):
        with self.assertRaises(SystemExit) as ended:
            check()
        self.assertIn(message, str(ended.exception))

    def test_a_target_that_is_missed(self):
        # What bench/speed.py once timed as if it had reached 2.17.
        missed = {"stop": "finished", "val_loss": 2.2676, "steps": 350}
        self.refuses(lambda: common.reached(missed, 2.17), "2.17 was not reached: the run ended at 2.2676 after 350")
        self.refuses(lambda: common.reached({**missed, "stop": "target_loss"}, 2.17), "not reached")
        self.refuses(lambda: common.reached({**missed, "val_loss": 2.1}, 2.17), "stop: finished")
        hit = {"stop": "target_loss", "val_loss": 2.157, "steps": 250}
        self.assertEqual(common.reached(hit, 2.17), hit)

    def test_a_run_that_ends_early(self):
        self.assertEqual(common.finished(RESULT, 350), RESULT)
        for change in ({"stop": "early_stop"}, {"stop": "observer"}, {"steps": 349}):
            self.refuses(lambda: common.finished({**RESULT, **change}, 350), "where 350 steps were to be timed")
        self.refuses(lambda: common.finished({**RESULT, "val_loss": float("nan")}), "not numbers")

    def test_models_that_only_count_have_no_steps(self):
        counts = {**RESULT, "parameters": 0, "stop": None, "steps": None}
        self.assertEqual(common.finished(counts), counts)
        self.refuses(lambda: common.finished(counts, 350), "where 350 steps")

    def test_a_command_that_fails(self):
        self.refuses(lambda: common.run("sh", "-c", "echo no such model >&2; exit 3"), "status 3: no such model")

    def test_words_that_are_not_scored(self):
        echo = ["echo", "Total: -9.1"]
        score.Competitor(echo, 1, "Total:").check()
        self.refuses(score.Competitor(echo, 2).check, "printed 1 lines with '', not 2")
        self.refuses(score.Competitor(echo, 1, "Tokens:").check, "printed 0 lines with 'Tokens:', not 1")
        self.refuses(score.Competitor(echo, 1, status=1).check, "exited with status 0")
        self.refuses(lambda: score.timed(["false"], 0), "exited with status 1, not 0")


    def test_what_a_threshold_rejects(self):
        row = lambda score, reason=None: {"score": score, "percentile": score, "reason": reason}
        rows = [row(None, "email"), row(9, "placeholder"), row(1, "improbable"), row(2, "joined"), row(3), row(0, "known")]
        found = noise.values(rows)
        self.assertEqual([noise.below(found, limit) for limit in (0, 1.5, 2.5, 99)], [2 / 6, 3 / 6, 4 / 6, 5 / 6])
        self.assertEqual(noise.rejected(rows, 0.02), [True, True, True, False, False, False])
        self.assertEqual(noise.threshold([3, 1, 2, 4], 0.25), 2)
        near = noise.near_duplicates(["mira", "mra", "om", "miro"], {"mira", "usha"})
        self.assertEqual(near, [True, True, False, True])

    def test_kinds_of_noise_are_no_names(self):
        names = ["anna", "maria", "johanna"]
        with unittest.mock.patch.multiple(noise, cities=lambda: ["aachen"], english_words=lambda: ["table"]):
            kinds = noise.noise(names, set(names), random.Random(1))
        self.assertEqual(len(kinds), 23)
        for kind, words in kinds.items():
            self.assertTrue(words and not set(words) & set(names), kind)


class Benches(unittest.TestCase):
    """Each bench, as a whole, with a program whose answers are wrong."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for part in ("train", "val", "test"):
            (self.folder / f"{part}.txt").write_text("anna\nemma\n")
        self.program = self.folder / "nextchar"
        self.program.write_text(PROGRAM)
        self.program.chmod(self.program.stat().st_mode | stat.S_IXUSR)

    def fails(self, message, *command, missing=0, **changes):
        prepared = {"NEXTCHAR": str(self.program), "ANSWER": json.dumps(RESULT | changes), "MISSING": str(missing)}
        done = subprocess.run([str(word) for word in command], env=os.environ | prepared, capture_output=True, text=True)
        self.assertNotEqual(done.returncode, 0, f"{command} succeeded:\n{done.stdout}")
        self.assertIn(message, done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def bench(self, name, *arguments):
        return [sys.executable, HERE / name, *arguments]

    def test_speed(self):
        speed = lambda section: self.bench("speed.py", self.folder, "--only", section)
        self.fails("2.17 was not reached: the run ended at 2.2676", *speed("a"), val_loss=2.2676)
        self.fails("2.17 was not reached", *speed("a"), stop="observer")
        self.fails("where 20000 steps were to be timed", *speed("b"), stop="early_stop", steps=20_000)
        self.fails("where 2000 steps were to be timed", *speed("c"), steps=1999)
        self.fails("must learn more than a context of 3", *speed("c"), steps=2000, val_loss=2.3)
        self.fails("where 200 steps were to be timed", *speed("d"), steps=1)
        self.fails("where 300 steps were to be timed", *speed("f"), stop="observer", steps=300)

    def test_published(self):
        published = HERE / "published.sh"
        self.fails("usage: ", published)
        self.fails("where 200000 steps were to be timed", published, self.folder)
        self.fails("worse than published by more than 0.01", published, self.folder, steps=200_000, test_loss=2.1732)

    def test_quality(self):
        self.fails("the training run ended after", *self.bench("quality.py"), stop="observer")
        self.fails("2.1000 on the validation names, Kneser–Ney 2.0000", *self.bench("quality.py"))

    def test_ablation(self):
        self.fails("where 3000 steps were to be timed", *self.bench("ablation.py"), steps=2999)

    def test_small_lists(self):
        self.fails("no answer was prepared to tune", *self.bench("small_lists.py"))

    def test_plausibility(self):
        self.fails("the training run ended after", *self.bench("plausibility.py"), stop="early_stop")
        self.fails("no answer was prepared to score", *self.bench("plausibility.py"))

    def test_generate(self):
        self.fails("where 4000 steps were to be timed", *self.bench("generate.py", "--only", "b"))
        self.fails("999,999 of 1,000,000 names were written", *self.bench("generate.py", "--only", "b"),
                   missing=1, steps=4000)


if __name__ == "__main__":
    unittest.main()
