"""Published figures beside ours: the recipes of the rows, and what a line tells."""

import pytest

from gantool.cli.loading import load_recipe
from gantool.recipe.load import find_recipe

from ..published import TABLES, Row, line_of

ROWS = [(table, name) for table, rows in TABLES.items() for name in rows]


@pytest.mark.parametrize(("table", "name"), ROWS)
def test_the_recipe_of_a_row_is_right(table: str, name: str) -> None:
    row = TABLES[table][name]
    settings = [f"{key}={value}" for key, value in row.settings.items()]
    load_recipe(find_recipe(row.recipe), settings, None, None).raise_problems()


def test_a_line_tells_the_mean_and_every_seed() -> None:
    found = [
        ({"modes": 8, "high_quality": 0.9, "reverse_kl": 0.01}, 50.0),
        ({"modes": 7, "high_quality": 0.95, "reverse_kl": 0.04}, 40.0),
        ({"modes": 8, "high_quality": 1.0, "reverse_kl": 0.01}, 60.0),
    ]
    assert line_of("ours", Row("ring", published="7.9 modes"), found) == (
        "| ours | 7.9 modes | modes 7.7 (8, 7, 8); high_quality 0.950 (0.900, 0.950, 1.000);"
        " reverse_kl 0.020 (0.010, 0.040, 0.010) | 50 |"
    )
