from gantool.gan.objective import CrossEntropy


class NonSaturating(CrossEntropy):
    """Cross-entropy of a sigmoid; the generator maximises log D(G(z)) (Goodfellow et al. 2014).

    The discriminator minimises −log σ(l) on real and −log(1 − σ(l)) on generated examples, the
    generator −log σ(l) on its own (section 3).
    """

    within = "sigmoid"
