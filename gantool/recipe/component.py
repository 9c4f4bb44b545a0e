"""A component as a recipe writes it: a name, and the keywords it is made with."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_serializer,
    model_validator,
)

from gantool.recipe.signatures import NO_LITERAL, Kind, signature

COMPONENT = "component"
"""Marks, in the JSON Schema of the recipe, where `gantool.recipe.schema` puts its definitions."""


class Component(BaseModel):
    """`Name` or `Name: {keyword: value}`: a class and the keywords it is made with."""

    model_config = ConfigDict(frozen=True)

    name: str
    keywords: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _from_yaml(cls, value: Any) -> Any:
        if isinstance(value, Component):
            return value
        if isinstance(value, str):
            return {"name": value}
        if not isinstance(value, dict) or not value:
            raise ValueError("write `Name` or `Name: {keyword: value}` here")
        if len(value) > 1:
            keys = list(value)
            raise ValueError(
                f"one name is expected here, not {len(value)} ({', '.join(map(str, keys))});"
                f" are the keywords of {keys[0]} indented below it?"
            )
        [(name, keywords)] = value.items()
        if not isinstance(keywords, dict | None):
            raise ValueError(f"the keywords of {name} are a mapping: `{name}: {{keyword: value}}`")
        return {"name": str(name), "keywords": keywords or {}}

    @model_serializer(when_used="json")
    def _as_written(self) -> str | dict[str, Any]:
        return {self.name: self.keywords} if self.keywords else self.name


Layer = Annotated[Component, WithJsonSchema({COMPONENT: "Layer"})]
Initializer = Annotated[Component, WithJsonSchema({COMPONENT: "Initializer"})]
Optimizer = Annotated[Component, WithJsonSchema({COMPONENT: "Optimizer"})]


def _complete(kind: Kind) -> AfterValidator:
    """Spell out what a recipe may leave out: the full name of gantool's class, and its defaults.

    `non-saturating` is NonSaturating, and GradientPenalty has the weight 10.
    """

    def complete(component: Component) -> Component:
        known = signature(kind, component.name)
        if known is None:
            return component
        defaults = {
            word.name: word.default
            for word in known.keywords.values()
            if word.default is not NO_LITERAL and word.name not in component.keywords
        }
        keywords = component.keywords | defaults
        return component.model_copy(update={"name": known.name, "keywords": keywords})

    return AfterValidator(complete)


Loss = Annotated[Component, _complete("loss"), WithJsonSchema({COMPONENT: "Loss"})]
Term = Annotated[Component, _complete("term"), WithJsonSchema({COMPONENT: "Term"})]
Augmentation = Annotated[
    Component, _complete("augmentation"), WithJsonSchema({COMPONENT: "Augmentation"})
]
Metric = Annotated[Component, _complete("metric"), WithJsonSchema({COMPONENT: "Metric"})]
Hook = Annotated[Component, _complete("hook"), WithJsonSchema({COMPONENT: "Hook"})]
