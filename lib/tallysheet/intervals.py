"""95 % intervals: how many standard errors they reach."""

from statistics import NormalDist

NORMAL_95 = NormalDist().inv_cdf(0.975)
"""Of what errs by the normal law 95 % lies within so many standard errors."""
