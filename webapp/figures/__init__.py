"""Figures: the only place that decides on colour. Pure functions from numbers to PNG, SVG, HTML or plotly."""
