"""The page "Recognise"."""
