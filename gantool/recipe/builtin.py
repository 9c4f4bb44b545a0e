"""The recipes that come with gantool."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def builtin_folder() -> Path:
    """Where the built-in recipes lie: inside an installed package, beside it in a checkout."""
    inside = _PACKAGE / "recipes"
    return inside if inside.is_dir() else _PACKAGE.parent / "recipes"


def builtin_recipes() -> dict[str, Path]:
    """The file of each built-in recipe, by name, in alphabetical order."""
    paths = builtin_folder().glob("*.yaml")
    return {path.stem: path for path in sorted(paths, key=lambda path: path.stem)}


def summary(path: Path) -> str:
    """What a built-in recipe says of itself: its first comment that is prose."""
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.removeprefix("#").strip()
        if line.startswith("#") and text and not text.startswith("yaml-language-server"):
            return text
    return ""
