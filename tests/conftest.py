"""What all tests share: the profile of the laws, derandomised so that a run can be repeated."""

from hypothesis import settings

settings.register_profile("ci", derandomize=True, database=None, deadline=None)
settings.load_profile("ci")
