from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gantool.cli.loading import load_recipe
from gantool.errors import InputError
from gantool.recipe.builtin import builtin_recipes
from gantool.recipe.edit import parse_override
from gantool.recipe.load import MAX_CHARACTERS, RecipeError, RecipeText, find_recipe, load
from gantool.recipe.yaml_nodes import Composer

GOLDEN = Path(__file__).parent / "golden"
RIGHT = (GOLDEN / "right.yaml").read_text(encoding="utf-8")


def load_text(text, *settings, steps=None):
    overrides = [parse_override(setting) for setting in settings]
    return load(RecipeText(text, "mine.yaml", Path.cwd()), overrides, steps)


def lines_of(text, *settings, steps=None):
    with pytest.raises(RecipeError) as error:
        load_text(text, *settings, steps=steps).raise_problems()
    return str(error.value).splitlines()


class TestFindRecipe:
    def test_file(self, tmp_path, monkeypatch):
        (tmp_path / "recipes").mkdir()
        (tmp_path / "recipes" / "mine.yaml").write_text(RIGHT, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        found = find_recipe("recipes/mine.yaml")
        assert found == RecipeText(RIGHT, "recipes/mine.yaml", tmp_path / "recipes")

    def test_built_in_recipe_where_no_such_file_exists(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert "name: quickstart" in find_recipe("quickstart").text
        (tmp_path / "quickstart").write_text("name: own", encoding="utf-8")
        assert find_recipe("quickstart").text == "name: own"

    def test_byte_order_mark_is_no_part_of_the_text(self, tmp_path):
        path = tmp_path / "mine.yaml"
        path.write_bytes(b"\xef\xbb\xbf" + RIGHT.encode())
        assert find_recipe(str(path)).text == RIGHT

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("none.yaml", "no such file, and no built-in recipe of that name"),
            ("quickstar", "no such file, and no built-in recipe of that name;"
                          " did you mean 'quickstart'?"),
            ("binary.yaml", "not text in UTF-8, so not a recipe"),
            (".", "a folder, not a recipe; if it holds your images, `gantool new .` writes a recipe"
                  " for them"),
        ],
    )  # fmt: skip
    def test_what_is_no_recipe(self, tmp_path, monkeypatch, name, reason):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00n")
        with pytest.raises(InputError) as error:
            find_recipe(name)
        assert str(error.value).startswith(f"{name}: {reason}")
        assert error.value.exit_code == 2

    def test_a_folder_hides_no_built_in_recipe(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "quickstart").mkdir()
        assert find_recipe("quickstart").folder == builtin_recipes()["quickstart"].parent

    def test_a_run_is_no_recipe(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "recipe.yaml").write_text("name: mine\n")
        with pytest.raises(InputError) as error:
            find_recipe("run")
        assert str(error.value) == (
            "run: a run, not a recipe; `gantool train --resume run` goes on with it"
        )


class TestLimits:
    def test_a_recipe_is_no_book(self, tmp_path):
        path = tmp_path / "mine.yaml"
        path.write_text(RIGHT + "#" * (MAX_CHARACTERS - len(RIGHT)))
        assert load(find_recipe(str(path))).recipe.name
        path.write_text(RIGHT + "#" * (MAX_CHARACTERS - len(RIGHT) + 1))
        with pytest.raises(RecipeError) as error:
            load(find_recipe(str(path)))
        assert str(error.value) == (
            f"{path}: more than the 262,144 characters that a recipe may have"
        )

    def test_of_thousands_of_problems_the_first_are_told(self):
        wrong = "".join(f"wrong{number:03}: 1\n" for number in range(400))
        lines = lines_of(RIGHT + wrong)
        assert [line.split(": ")[1][:22] for line in lines[:100]] == [
            f"unknown key 'wrong{number:03}'" for number in range(100)
        ]
        assert lines[100:] == ["and 300 more problems"]

    def test_a_file_without_end_is_read_no_further(self):
        assert len(find_recipe("/dev/zero").text) == MAX_CHARACTERS + 1


class TestOverrides:
    def test_take_the_place_of_the_values_of_the_recipe(self):
        loaded = load_text(RIGHT, "train.batch_size=32", "generator.layers.0.Dense.units=392",
                           "generator.layers.1.Reshape.target_shape=[7, 7, 8]")  # fmt: skip
        loaded.raise_problems()
        assert loaded.recipe.train.batch_size == 32
        assert loaded.specs.generator[0].keywords == {"units": 392}
        assert loaded.specs.generator[1].keywords == {"target_shape": [7, 7, 8]}
        assert "batch_size: 32" in loaded.text
        assert load_text(loaded.text).recipe == loaded.recipe

    @pytest.mark.parametrize(
        ("setting", "message"),
        [
            (
                "train.batch_size=none",
                "train.batch_size must be a whole number, not 'none'",
            ),
            ("discriminator.layers.1=Flaten", "unknown layer 'Flaten'; did you mean 'Flatten'?"),
            ("colour=blue", "unknown key 'colour' in the recipe"),
            ("latent=5", "latent must be a mapping of keys to values, not 5"),
            (
                "generator.layers.0.Dense={unitz: 3}",
                "unknown keyword 'unitz' for Dense; did you mean 'units'?",
            ),
        ],
    )
    def test_that_are_wrong_are_told_as_they_were_typed(self, setting, message):
        assert lines_of(RIGHT, setting) == [f"--set {setting}: {message}"]

    def test_lines_stay_those_of_the_file(self):
        wrong = RIGHT.replace("Flatten", "Flaten")
        [line] = [number for number, text in enumerate(wrong.splitlines(), 1) if "Flaten" in text]
        # The override adds lines above it, and the wrong one is told in its own words.
        found = lines_of(wrong, "latent.distribution=gauss", "seed=5", "generator.note=long")
        assert found[-1] == (f"mine.yaml:{line}:7: unknown layer 'Flaten'; did you mean 'Flatten'?")
        assert [text.split(":")[0] for text in found[:-1]] == [
            "--set generator.note=long",
            "--set latent.distribution=gauss",
        ]

    def test_may_mend_what_is_wrong(self):
        wrong = RIGHT.replace("non-saturating", "saturated")
        assert len(lines_of(wrong)) == 1
        assert load_text(wrong, "loss=hinge").recipe.loss.name == "Hinge"

    def test_of_a_place_that_cannot_be(self):
        with pytest.raises(InputError, match=r"^--set 'generator\.layers\.9=ReLU': .* no item 9"):
            load_text(RIGHT, "generator.layers.9=ReLU")


class TestReadings:
    """How often a recipe's text goes through the YAML reader, which takes most of the time."""

    @pytest.fixture
    def read(self, monkeypatch):
        texts = []
        init = Composer.__init__

        def counting(self, text):
            texts.append(text)
            init(self, text)

        monkeypatch.setattr(Composer, "__init__", counting)
        return texts

    def test_one_until_the_edited_text_is_asked_for_then_one_of_that(self, read):
        source = RecipeText(RIGHT, "mine.yaml", Path.cwd())
        loaded = load_recipe(source, ["train.batch_size=32", "latent.size=9"], steps=9, seed=1)
        loaded = loaded.stating(("train", "precision"), "float32")
        assert read == ["32", "9", RIGHT]  # each value of --set is a text of its own
        for _ in range(2):
            text = loaded.text
        assert read == ["32", "9", RIGHT, text]
        assert load(RecipeText(text, "mine.yaml", Path.cwd())).recipe == loaded.recipe
        assert (loaded.recipe.seed, loaded.recipe.train.precision) == (1, "float32")

    def test_a_recipe_without_changes_is_read_once(self, read):
        assert load(RecipeText(RIGHT, "mine.yaml", Path.cwd())).text == RIGHT
        assert read == [RIGHT]


class TestSteps:
    def test_take_the_place_of_steps(self):
        assert load_text(RIGHT, steps=7).recipe.train.steps == 7

    @pytest.mark.parametrize("given", ["epochs: 25", "epochs: 25, steps: 100"])
    def test_take_the_place_of_epochs(self, given):
        loaded = load_text(RIGHT.replace("steps: 100", given), steps=7)
        assert (loaded.recipe.train.steps, loaded.recipe.train.epochs) == (7, None)
        assert "epochs" not in loaded.text

    def test_mend_a_recipe_without_a_length(self):
        text = RIGHT.replace("steps: 100, ", "")
        assert lines_of(text) == ["mine.yaml:19:8: give steps or epochs"]
        assert load_text(text, steps=7).recipe.train.steps == 7

    def test_come_after_overrides(self):
        assert load_text(RIGHT, "train.steps=5", steps=7).recipe.train.steps == 7


class TestProblems:
    def test_of_components_wait_for_those_found_later(self):
        from gantool.recipe.document import Problem

        loaded = load_text(RIGHT.replace("{units: 196}", "{unit: 196}"))
        assert loaded.specs.generator[0].keywords == {"units": 196}
        with pytest.raises(RecipeError) as error:
            loaded.raise_problems([Problem(("name",), "is dull")])
        assert str(error.value).splitlines() == [
            "mine.yaml:1:7: is dull",
            "mine.yaml:6:15: unknown keyword 'unit' for Dense; did you mean 'units'?",
        ]

    def test_none_are_raised_where_there_are_none(self):
        load_text(RIGHT).raise_problems()

    def test_met_twice_are_told_once(self):
        text = RIGHT.replace("- Flatten", "- &f Flaten\n    - *f")
        assert len(lines_of(text)) == 2  # two places
        same = "mine.yaml:1:7: twice"
        from gantool.recipe.document import Problem

        with pytest.raises(RecipeError) as error:
            load_text(RIGHT).raise_problems([Problem(("name",), "twice")] * 2)
        assert str(error.value) == same

    def test_end_with_the_exit_code_of_wrong_input(self):
        with pytest.raises(RecipeError) as error:
            load_text("")
        assert error.value.exit_code == 2


def test_reading_a_recipe_imports_no_tensorflow():
    script = (
        "import sys; from gantool.recipe.load import find_recipe, load;"
        "load(find_recipe('quickstart')).raise_problems();"
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
