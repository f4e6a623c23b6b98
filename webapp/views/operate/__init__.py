"""The page "Operate"."""
