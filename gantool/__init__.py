"""gantool: a YAML recipe in, a trained GAN out."""

__version__ = "0.1.0"
