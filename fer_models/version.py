"""The version, once: packaging, cards and exports read it here."""

__version__ = "0.1.0"
