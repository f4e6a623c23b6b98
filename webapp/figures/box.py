"""A picture on which a person draws a box."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from webapp.figures.pictures import data_uri, face_webp

SHOWN_SIDE = 480  # pixels; a photo of 24 megapixels need not travel back to the browser whole


def box_figure(image: np.ndarray, box: Sequence[float]) -> go.Figure:
    """The picture on axes of 0..100 % with the present box on it; dragging draws another.

    ``box`` is (left, top, right, bottom) in percent of the picture.
    """
    height, width = image.shape[:2]
    shrink = min(1.0, SHOWN_SIDE / max(height, width))
    columns, rows = max(1, round(width * shrink)), max(1, round(height * shrink))
    picture = go.Image(
        source=data_uri(face_webp(image, SHOWN_SIDE), "image/webp"),
        # Pixel 0 is centred on x0: half a pixel in, so that the picture fills 0..100.
        x0=50 / columns,
        dx=100 / columns,
        y0=50 / rows,
        dy=100 / rows,
        hoverinfo="skip",
    )
    left, top, right, bottom = box
    figure = go.Figure(picture)
    for colour, width_px in (("#ffffff", 4), ("#0f766e", 2)):  # a white edge keeps it visible on any picture
        figure.add_shape(type="rect", x0=left, y0=top, x1=right, y1=bottom, line={"color": colour, "width": width_px})
    figure.update_layout(
        dragmode="select",
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        height=round(340 * min(1.2, height / width)),
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
    )
    figure.update_xaxes(visible=False, range=(0, 100), constrain="domain")
    figure.update_yaxes(visible=False, range=(100, 0), scaleanchor="x", scaleratio=height / width)
    return figure
