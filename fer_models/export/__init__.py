"""Checkpoints for programs without PyTorch."""
