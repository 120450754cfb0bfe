"""Groups of GitHub's merge queue: green only for what has passed before. No model is asked."""
