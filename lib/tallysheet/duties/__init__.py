"""The team's duties, a notebook each: what is to be done about partners, claims, costs and Customer Care."""
