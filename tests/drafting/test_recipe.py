"""What is drafted for which pictures, and that all of it is a recipe."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gantool.data.inspection.survey import Survey
from gantool.data.order import left_out
from gantool.drafting.frame import doublings
from gantool.drafting.means import Means
from gantool.drafting.recipe import draft, refuse_unusable
from gantool.drafting.wishes import Wishes
from gantool.errors import InputError
from gantool.recipe.data import Features, LabelFile
from gantool.recipe.load import LoadedRecipe, RecipeText, load

PROCESSOR = Means("2 cores of Some CPU", is_gpu=False, memory=16 * 10**9)
GPU = Means("Some GPU", is_gpu=True, memory=80 * 10**9)
PLAIN = Wishes("pets", "pets")


def pictures(
    count: int = 300, sizes: dict[tuple[int, int], int] | None = None, **facts: object
) -> Survey:
    """So many pictures that were all looked at; of 80×80 pixels and in colours unless told."""
    found = Survey("pets", "pets", count, {}, looked_at=count)
    found.sizes = Counter(sizes or {(80, 80): count})
    for name, value in facts.items():
        setattr(found, name, value)
    return found


def drafted(
    found: Survey, means: Means = PROCESSOR, wishes: Wishes = PLAIN
) -> tuple[LoadedRecipe, str]:
    text = draft(found, wishes, means).text
    loaded = load(RecipeText(text, "pets.yaml", Path()))
    loaded.raise_problems()
    return loaded, text


def comment_before(text: str, key: str) -> str:
    """The comment above a key, as one line."""
    lines = text.splitlines()
    at = next(number for number, line in enumerate(lines) if line.strip().startswith(f"{key}:"))
    begins = at
    while lines[begins - 1].strip().startswith("#"):
        begins -= 1
    return " ".join(line.strip()[2:] for line in lines[begins:at])


@pytest.mark.parametrize(
    ("sizes", "means", "size", "fit"),
    [
        ({(28, 28): 9}, PROCESSOR, (28, 28), "crop"),  # as they are: 7 · 2 · 2
        ({(80, 80): 9}, PROCESSOR, (64, 64), "crop"),  # beyond what a processor trains in hours
        ({(80, 80): 9}, GPU, (80, 80), "crop"),
        ({(28, 30): 9}, PROCESSOR, (16, 16), "crop"),  # 30 is not divisible by 4
        ({(1, 1): 9}, PROCESSOR, (8, 8), "crop"),
        ({(4000, 3000): 5, (3000, 4000): 5}, PROCESSOR, (64, 64), "crop"),
        ({(4000, 3000): 5, (3000, 4000): 5}, GPU, (128, 128), "crop"),
        ({(60, 70): 91, (20, 20): 9}, PROCESSOR, (48, 48), "crop"),  # a tenth may be enlarged
        ({(60, 70): 89, (20, 20): 11}, PROCESSOR, (16, 16), "crop"),
        ({(100, 200): 9}, PROCESSOR, (32, 64), "crop"),  # 64 / √2 is 45
        ({(1600, 900): 5, (1620, 900): 5}, PROCESSOR, (88, 48), "crop"),  # 48 · 16/9 is 85
        ({(17, 300): 9}, PROCESSOR, (16, 128), "pad"),  # no more than eight times as long
        ({(90, 300): 5, (300, 90): 5}, PROCESSOR, (64, 64), "pad"),  # a square would lose 70 %
        ({(90, 300): 4, (90, 90): 6}, PROCESSOR, (64, 64), "crop"),
    ],
)
def test_the_size(
    sizes: dict[tuple[int, int], int], means: Means, size: tuple[int, int], fit: str
) -> None:
    data = drafted(pictures(sum(sizes.values()), sizes), means)[0].recipe.data
    assert (data.size, data.fit) == (size, fit)


def test_a_size_that_is_asked_for_says_where_networks_go() -> None:
    wishes = Wishes("pets", "pets", (96, 160))
    assert drafted(pictures(), wishes=wishes)[0].recipe.data.size == (96, 160)
    with pytest.raises(InputError) as raised:
        draft(pictures(), Wishes("pets", "pets", (50, 64)), PROCESSOR)
    assert str(raised.value) == (
        "--size 50x64: the networks begin with 4 to 7 pixels and double them, once or more; 48x64"
        " would do"
    )


def test_faces_of_celeba_are_cut_out() -> None:
    data = drafted(pictures(9, {(218, 178): 9}))[0].recipe.data
    assert (data.size, data.crop) == ((64, 64), (108, 108))


@pytest.mark.parametrize(
    ("facts", "channels", "reason"),
    [
        ({}, 3, "The pictures have colours."),
        ({"grey": 300}, 1, "All pictures are grey."),
        ({"grey": 299}, 3, "The pictures have colours, though 299 are grey."),
        ({"see_through": 270}, 4, "Transparency is learnt too; 3 puts data.background, white,"),
        ({"see_through": 269}, 3, "269 of the pictures have transparency, and white behind it."),
    ],
)
def test_the_channels(facts: dict[str, object], channels: int, reason: str) -> None:
    loaded, text = drafted(pictures(**facts))
    assert loaded.recipe.data.channels == channels
    assert reason in comment_before(text, "channels")
    last = [layer.keywords for layer in loaded.specs.generator or ()][-1]
    assert last["filters"] == channels
    assert ("  background: white\n" in text) == ("white behind it" in reason)


def test_pixels_of_16_bits_are_as_white_as_they_get() -> None:
    assert drafted(pictures(deep=9, largest=4095))[0].recipe.data.white == "auto"
    assert drafted(pictures(deep=9, largest=60_000))[0].recipe.data.white is None
    assert drafted(pictures(deep=0, largest=0))[0].recipe.data.white is None


@pytest.mark.parametrize(
    ("classes", "labels", "balance"),
    [
        ({"cat": 150, "dog": 150}, True, False),
        ({"cat": 75, "dog": 225}, True, True),
        ({"cat": 76, "dog": 224}, True, False),
        ({str(number): 10 for number in range(30)}, True, False),
        ({str(number): 9 for number in range(33)}, False, False),
        ({"cat": 300}, False, False),
    ],
)
def test_the_classes(classes: dict[str, int], labels: bool, balance: bool) -> None:
    loaded, text = drafted(pictures(sum(classes.values()), classes=classes))
    data = loaded.recipe.data
    assert (data.labels, data.balance) == (labels, balance)
    assert ("- Projection" in text, "- ConditionalBatchNormalization" in text) == (labels, labels)
    grid = loaded.recipe.output.grid
    by_label = labels and len(classes) <= 16
    assert grid.layouts == (["by-label"] if by_label else ["by-seed"])
    assert grid.rows == (len(classes) if by_label else 8)


def test_classes_that_are_asked_for_and_those_that_are_lost() -> None:
    few = pictures(6, classes={"cat": 3, "dog": 3})
    assert "from 10 on they are told, or with --labels" in comment_before(drafted(few)[1], "labels")
    asked = Wishes("pets", "pets", labels=True)
    assert drafted(few, wishes=asked)[0].recipe.data.labels is True
    table = Wishes("pets", "pets", labels=LabelFile(file="a b.csv", column="c"))
    assert drafted(few, wishes=table)[0].recipe.data.labels == LabelFile(file="a b.csv", column="c")
    lost = pictures(
        classes={"cat": 150, "dog": 150}, lost=("dog",), unreadable=[("d.png", "empty")]
    )
    loaded, text = drafted(lost)
    assert (loaded.recipe.data.labels, loaded.recipe.data.skip_unreadable) == (False, True)
    assert comment_before(text, "labels").startswith("No picture of dog can be used;")
    with pytest.raises(InputError, match=r"^pets: no picture of dog can be used: mend one of each"):
        refuse_unusable(lost, asked)


def test_few_pictures_are_changed_at_random_and_many_are_not() -> None:
    few, text = drafted(pictures(9_999))
    assert few.recipe.augment is not None
    assert few.recipe.augment.name == "Adaptive"
    assert "9,999 pictures are fewer than 10,000" in comment_before(text, "augment")
    assert "- Memorization" in text
    many, text = drafted(pictures(10_000))
    assert many.recipe.augment is None
    assert "- Memorization" not in text
    assert [few.recipe.losses.generator.name, many.recipe.losses.generator.name] == [
        "NonSaturating",
        "NonSaturating",
    ]


def test_many_pictures_on_a_gpu_are_for_r3gan() -> None:
    for sizes, penalty in (((32, 32), 0.05), ((64, 64), 2), ((128, 128), 17)):
        loaded, text = drafted(pictures(20_000, {sizes: 20_000}), GPU)
        assert loaded.recipe.losses.generator.name == "RelativisticPaired"
        assert f"from: {float(penalty)}, to: " in text
    assert loaded.recipe.train.update_size == 256
    assert drafted(pictures(9_000), GPU)[0].recipe.losses.generator.name == "NonSaturating"
    classes = {"cat": 10_000, "dog": 10_000}
    _, labelled = drafted(pictures(20_000, classes=classes), GPU)
    assert "- EmbedLabel: {units: 64}" in labelled
    assert "- Projection" in labelled


@pytest.mark.slow
def test_networks_of_r3gan_fit_their_pictures() -> None:
    from gantool.engine.plan import make_plan

    classes = {str(digit): 6_000 for digit in range(10)}
    found = pictures(60_000, {(28, 28): 60_000}, classes=classes, grey=60_000)
    loaded, _ = drafted(found, GPU, Wishes("digits", "mnist"))
    plan = make_plan(loaded)
    assert plan.state.generator.model.output_shape[1:] == (28, 28, 1)
    assert (plan.classes, plan.warnings) == (10, ())


def test_little_memory_makes_batches_small() -> None:
    poor = Means("1 core", is_gpu=False, memory=25 * 10**8)
    assert drafted(pictures())[0].recipe.train.batch_size == 16
    loaded, text = drafted(pictures(), poor)
    assert loaded.recipe.train.batch_size == 8
    assert "2.5 GB of memory are free" in comment_before(text, "batch_size")


SIDES = st.integers(1, 2000)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
SURVEYS = st.builds(
    lambda count, sizes, classes, facts, broken: pictures(
        count,
        {size: max(1, count // len(sizes)) for size in sizes},
        classes={f"c {number}: #'\"\n": max(1, count // classes) for number in range(classes)},
        unreadable=[("a b: #\n.png", "cut: off\n # {{ x }}")] * min(broken, count - 1),
        **facts,
    ),
    st.integers(1, 60) | st.integers(1, 300_000),
    st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=4, unique=True),
    st.integers(0, 40),
    st.fixed_dictionaries(
        {}, optional={"grey": st.just(10**9), "see_through": st.integers(0, 60), "deep": st.just(1)}
    ),
    st.sampled_from([0, 0, 1, 5]),
)


@settings(max_examples=30)
@given(SURVEYS, st.sampled_from([PROCESSOR, GPU]), TEXTS)
@example(pictures(1, {(1, 1): 1}), PROCESSOR, "a: 'b' \"c\" #\n{{ 1 }} 😀")
def test_whatever_is_found_makes_a_recipe(found: Survey, means: Means, source: str) -> None:
    found.name = source
    wishes = Wishes("pets", source, split="train", features=Features(image=source))
    loaded, text = drafted(found, means, wishes)
    recipe = loaded.recipe
    assert recipe.data.source == source
    assert recipe.data.size is not None
    times = doublings(recipe.data.size)
    assert times is not None
    assert sum(layer.name == "Upsample" for layer in loaded.specs.generator or ()) == times
    count = found.images - len(found.unreadable)
    assert recipe.data.repeat == (recipe.train.batch_size > count)
    assert left_out(count, recipe.train.batch_size, recipe.train.accumulate) == ""
    comments = [line for line in text.splitlines() if line.lstrip().startswith("#")]
    assert max(map(len, comments)) <= 100
