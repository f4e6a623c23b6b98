"""FERScope's site: what a person sees. No tensor arithmetic here; the library is ``fer_models``."""
