from gantool.terms.r1 import R1


class R2(R1):
    """weight · ½ mean ‖∇D(x)‖² at generated examples (Mescheder et al. 2018, equation 9).

    As R1 is at real ones; both together are those of R3GAN (Huang et al. 2024).

    Args:
        weight: Factor of the penalty, γ.
        every: Updates of the discriminator from one to the next, n; it is n times as strong then.
    """

    needs = ("generated",)
    differentiates = ("generated",)
