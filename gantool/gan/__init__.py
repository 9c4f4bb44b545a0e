"""The mathematics of GAN training: small functions of tensors that know no files."""
