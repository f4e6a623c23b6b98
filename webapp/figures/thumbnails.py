"""Pictures on buttons."""

from collections.abc import Sequence


def thumbnail_style(key: str, uris: Sequence[str]) -> str:
    """A <style> that puts a picture above the words of the first buttons of a pills widget.

    The words stay, for screen readers and for everybody if Streamlit's page is built differently one day.
    """
    buttons = f'.st-key-{key} [role="radiogroup"] > button'
    rules = [
        f'{buttons}:nth-of-type({number})::before{{content:"";background-image:url({uri})}}'
        for number, uri in enumerate(uris, start=1)
    ]
    return f"<style>{''.join(rules)}</style>"
