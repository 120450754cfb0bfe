"""`make bench`: what the product costs, beside baselines that are measured in the same run."""
