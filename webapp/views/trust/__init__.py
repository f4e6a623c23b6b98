"""The page "Trust": the page itself, one face, the weights made random, what holds over many faces."""
