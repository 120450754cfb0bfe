"""The JSON of each of GitHub's objects, complete enough for GitHub's own description."""
