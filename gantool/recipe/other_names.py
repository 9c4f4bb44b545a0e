"""What PyTorch and older releases of Keras call the components and keywords of a recipe."""

from typing import NamedTuple

from gantool.recipe.signatures import Kind, activations, aliases, names
from gantool.recipe.suggest import did_you_mean

_MODULES = frozenset(
    (
        *("torch", "nn", "modules", "functional", "F", "optim", "init", "lr_scheduler"),
        *("tf", "tensorflow", "python", "keras", "src", "layers", "optimizers", "schedules"),
        *("initializers", "regularizers", "constraints", "losses", "activations"),
    )
)
"""Parts of names such as `torch.nn.Linear` and `tf.keras.layers.Dense` before the last."""

_OF_SOME_RANK = {
    "ConvTranspose{}d": "Conv{}DTranspose",
    "Deconvolution{}D": "Conv{}DTranspose",
    "Deconv{}d": "Conv{}DTranspose",
    "BatchNorm{}d": "BatchNormalization",
    "InstanceNorm{}d": "GroupNormalization: {{groups: -1}}",
    "Dropout{}d": "SpatialDropout{}D",
    "AvgPool{}d": "AveragePooling{}D",
    "AdaptiveAvgPool{}d": "AdaptiveAveragePooling{}D",
    "AdaptiveMaxPool{}d": "AdaptiveMaxPooling{}D",
    "ZeroPad{}d": "ZeroPadding{}D",
    "UpSample{}d": "UpSampling{}D",
}
_NAMES: dict[Kind, dict[str, str]] = {
    "layer": {
        "Linear": "Dense",
        "BatchNorm": "BatchNormalization",
        "SyncBatchNorm": "BatchNormalization",
        "InstanceNorm": "GroupNormalization: {groups: -1}",
        "InstanceNormalization": "GroupNormalization: {groups: -1}",
        "GroupNorm": "GroupNormalization",
        "LayerNorm": "LayerNormalization",
        "RMSNorm": "RMSNormalization",
        "SpectralNorm": "SpectralNormalization",
        "ReLU6": "ReLU: {max_value: 6}",
        "ThresholdedReLU": "ReLU: {threshold: 1}",
        "UpsamplingNearest2d": "UpSampling2D",
        "UpsamplingBilinear2d": "UpSampling2D: {interpolation: bilinear}",
        "Unflatten": "Reshape",
        "View": "Reshape",
        **{
            theirs.format(rank): ours.format(rank)
            for theirs, ours in _OF_SOME_RANK.items()
            for rank in (1, 2, 3)
        },
    },
    "initializer": {
        "xavier_uniform": "GlorotUniform",
        "xavier_normal": "GlorotNormal",
        "kaiming_uniform": "HeUniform",
        "kaiming_normal": "HeNormal",
        "trunc_normal": "TruncatedNormal",
    },
    "loss": {
        "BCELoss": "NonSaturating",
        "BCEWithLogitsLoss": "NonSaturating",
        "BinaryCrossentropy": "NonSaturating",
        "MSELoss": "LeastSquares",
        "MeanSquaredError": "LeastSquares",
        "LSGAN": "LeastSquares",
        "WGAN": "Wasserstein",
    },
}
"""As `Name`, or as `Name: {keyword: value}` where a keyword belongs to it."""

OTHER_KEYWORDS = {
    "alpha": "negative_slope",
    "lr": "learning_rate",
    "bias": "use_bias",
    "border_mode": "padding",
    "dilation": "dilation_rate",
    "eps": "epsilon",
    "mode": "interpolation",
    "nb_filter": "filters",
    "num_groups": "groups",
    "out_channels": "filters",
    "out_features": "units",
    "output_dim": "units",
    "p": "rate",
    "scale_factor": "size",
    "std": "stddev",
    "stride": "strides",
    "subsample": "strides",
}
"""What others write, and what Keras calls it, where a class takes only the latter."""

NEEDLESS_KEYWORDS = frozenset(
    (
        *("in_channels", "in_features", "num_features", "normalized_shape", "input_dim"),
        *("input_shape", "batch_input_shape", "inplace", "track_running_stats"),
    )
)
"""What others have to say of a layer's input, and what has no meaning for Keras."""


class OtherName(NamedTuple):
    """What a name of others stands for here.

    Attributes:
        name: Of the class.
        written: As a recipe says it, with the keywords that belong to it.
    """

    name: str
    written: str


def bare(name: str) -> str:
    """The name without the modules that it is written with elsewhere: `nn.Linear`."""
    *modules, last = name.split(".")
    return last if _MODULES.issuperset(modules) else name


def other_name(kind: Kind, name: str) -> OtherName | None:
    """What a name stands for that is no class of this kind; None where that is not known."""
    wanted = _letters(bare(name))
    for theirs, written in _NAMES.get(kind, {}).items():
        if _letters(theirs) == wanted:
            return OtherName(written.partition(":")[0], written)
    for known in (*names(kind), *aliases(kind)):
        if _letters(known) == wanted:
            return OtherName(known, known)
    if kind == "layer":
        for known in activations():
            if _letters(known) == wanted:
                return OtherName("Activation", f"Activation: {{activation: {known}}}")
    return None


def suggestion(kind: Kind, name: str) -> str:
    """Say what a name stands for, or what was probably meant; nothing where neither is known."""
    found = other_name(kind, name)
    if found is not None and found.written.lower() != name.lower():
        return f"; here it is {found.written}"
    choices = [*names(kind), *aliases(kind)] if kind == "loss" else names(kind)
    return did_you_mean(bare(name), choices)


def _letters(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
