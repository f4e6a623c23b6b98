"""The page "Evaluation": the page itself, the data behind it, and its parts."""
