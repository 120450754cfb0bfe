"""Language models behind any OpenAI-compatible endpoint; `client.open_model` is the way in."""
