"""`@revwright fix`: from a person's wish to a verified commit on the pull request's branch, or to an honest no."""
