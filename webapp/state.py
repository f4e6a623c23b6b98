"""The state of all pages: the choices in the address, and the one way to make a control.

The address holds every choice that is not the default, so that a link, a second tab, Back and Forward bring it back.
One copy of it is kept for each visitor; it is the only truth. It is read from the address when a visit begins and after
Back or Forward; a control shows it and writes into it; each run writes it to the address, first of all.

Streamlit's own ``bind="query-params"`` is not used: it replaces the entry in the browser's history instead of adding
one, forgets what is not on the page at hand, and knows only what its own widgets were told.

A link may hide controls, ``?hide=opacity,contrast``: the choices in the link then hold. Controls must not lie in a
fragment, whose runs do not write the address.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from webapp.keys import FORMER, HIDE, KEYS, Choice, Key, Number, Several, Switch, Text, Value
from webapp.wording import plain

# In the session: the address by key; whether controls have yet to hear of it; the page shown last; what to tell.
_ADDRESS, _FRESH, _PAGE, _NOTICES = "address", "address_is_new", "page_shown", "notices"
_LONGEST = 60  # characters of a wrong value that a notice repeats


# --------------------------------------------------------------------------------------------------- the whole address


@contextmanager
def kept(page: str) -> Iterator[None]:
    """Around all that ``page`` draws: its choices come from the address, and are written to it at the end.

    What a link asked for and could not be had is said above the page, until something is chosen.
    """
    notices = st.container()
    _begin(page)
    yield
    _finish()
    if st.session_state[_NOTICES]:
        notices.warning(" ".join(st.session_state[_NOTICES]))


def address() -> dict[str, str]:
    """All choices that are not the default, as links to other pages hand them on."""
    return {name: _address()[name] for name in (*KEYS, HIDE) if name in _address()}


def _begin(page: str) -> None:
    """Take over what the address says where it says something new; else it says what was just chosen, at once."""
    if _ADDRESS not in st.session_state or _went_through_history():
        asked = _of_today(st.query_params.to_dict())
        st.session_state[_ADDRESS] = {name: asked[name] for name in (*KEYS, HIDE) if name in asked}
        st.session_state[_NOTICES] = []
        st.session_state[_FRESH] = True
        _check_hidden()
    else:
        if st.session_state[_PAGE] != page:
            st.session_state[_NOTICES] = []
            st.session_state[_FRESH] = True
        _write()
    # At once: a run that is cut short has taken what it could not have out of the address, and its notice must last.
    st.session_state[_PAGE] = page


def _finish() -> None:
    """Write the address without what could not be had."""
    _write()
    st.session_state[_FRESH] = False


def _write() -> None:
    asked = st.query_params.to_dict()
    known = {*KEYS, *FORMER, HIDE}
    wanted = address() | {name: value for name, value in asked.items() if name not in known}
    if wanted != asked:
        st.query_params.from_dict(wanted)


def _of_today(asked: dict[str, str]) -> dict[str, str]:
    """A link's choices under the keys that they have now."""
    for former, (key, values) in FORMER.items():
        value = values.get(asked.pop(former, "").casefold())
        if value is not None and value != key.default:
            asked.setdefault(key.name, value)
        hidden = asked.get(HIDE, "").split(",")
        if former in hidden:
            asked[HIDE] = ",".join(key.name if name == former else name for name in hidden)
    return asked


def _went_through_history() -> bool:
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation


def _address() -> dict[str, str]:
    return st.session_state[_ADDRESS]


# ------------------------------------------------------------------------------------------------------------ controls


def choose(
    key: Choice,
    widget: Callable[..., Any],
    label: str,
    options: Mapping[str, str],
    *,
    default: str | None = None,
    then: Callable[[str], None] | None = None,
    **arguments: Any,
) -> str:
    """Draw a control (such as ``st.radio``) over ``options``, ids and their words; returns the chosen id.

    ``default`` is for a key whose own default is not given or not among the options; else the first option is it. With
    ``""`` nothing is chosen at first, and nothing drawn until something is. ``then`` hears of a visitor's choice before
    the page is drawn anew.
    """
    wanted = (default, key.default, *options)
    usual = "" if default == "" else next(each for each in wanted if each is not None and each in options)
    value, ids = chosen(key, options, usual), list(options)
    if not value:
        return value
    # As Streamlit's controls call what they begin with.
    shown = {"index": ids.index(value)} if widget.__name__ in ("radio", "selectbox") else {"default": value}
    arguments |= {"options": ids, "format_func": _words_for(widget, options), **shown}
    _draw(key, widget, label, value, usual, arguments, then)
    return value


def _words_for(widget: Callable[..., Any], options: Mapping[str, str]) -> Callable[[str], str]:
    """What a control writes for an option: its words as they are, also where it draws Markdown."""
    draws_markdown = widget.__name__ in ("radio", "pills", "segmented_control")
    return lambda id: plain(options[id]) if draws_markdown else options[id]


def chosen(key: Choice, options: Mapping[str, str], default: str) -> str:
    """The chosen id without a control. What is not among the options does not stay, and is told."""
    asked = _address().get(key.name)
    if asked is None:
        return default
    found = _by_words(options).get(asked.casefold())
    if found is None:
        _fall_back(key, asked, options.get(default, "nothing"))
        return default
    put(key, found, default)
    return found


def choose_several(
    key: Several,
    widget: Callable[..., Any],
    label: str,
    options: Mapping[str, str],
    default: Sequence[str],
    **arguments: Any,
) -> list[str]:
    """Draw a control (such as ``st.multiselect``) over ``options``, ids and their words; returns the chosen ids.

    How many there may be is for the page to say. For what is not among the options the next of ``default`` stands in
    while fewer are chosen than there are by default, and it is told.
    """
    usual = list(default)
    value = _chosen_several(key, options, usual)
    arguments |= {"options": list(options), "format_func": options.__getitem__, "default": value}
    _draw(key, widget, label, value, usual, arguments)
    return value


def _chosen_several(key: Several, options: Mapping[str, str], default: list[str]) -> list[str]:
    asked = _address().get(key.name)
    if asked is None:
        return default
    by_words = _by_words(options)
    wanted = list(dict.fromkeys(filter(None, map(str.strip, asked.split(",")))))
    found = list(dict.fromkeys(by_words[each.casefold()] for each in wanted if each.casefold() in by_words))
    for unknown in (each for each in wanted if each.casefold() not in by_words):
        stand_in = next((each for each in default if each not in found), None) if len(found) < len(default) else None
        found += [stand_in] if stand_in else []
        _tell_missing(key, unknown, options[stand_in] if stand_in else "")
    put(key, found, default)
    return found


def _by_words(options: Mapping[str, str]) -> dict[str, str]:
    """Ids by themselves and by their words, in small letters."""
    return {words.casefold(): id for id, words in options.items()} | {id.casefold(): id for id in options}


def number(key: Number, widget: Callable[..., Any], label: str, **arguments: Any) -> int:
    """Draw a control (such as ``st.slider``) over the key's range; returns the number."""
    value = chosen_number(key)
    arguments |= {"min_value": key.low, "max_value": key.high, "value": value}
    _draw(key, widget, label, value, key.default, arguments)
    return value


def chosen_number(key: Number) -> int:
    """The chosen number without a control."""
    asked = _address().get(key.name)
    if asked is None:
        return key.default
    if re.fullmatch("[0-9]{1,9}", asked) and key.low <= int(asked) <= key.high:
        return int(asked)
    _fall_back(key, asked, str(key.default))
    return key.default


def chosen_text(key: Text, pattern: str) -> str:
    """The text of a link where it has the form ``pattern`` (a regular expression); else none, and it is told."""
    asked = _address().get(key.name, "")
    if asked and not re.fullmatch(pattern, asked):
        _fall_back(key, asked, "none")
        return ""
    return asked


def switch(key: Switch, widget: Callable[..., Any], label: str, **arguments: Any) -> bool:
    """Draw a control (such as ``st.toggle``); returns whether it is on."""
    asked = _address().get(key.name, _text(key.default)).casefold()
    if asked not in ("true", "false"):
        _fall_back(key, asked, "on" if key.default else "off")
    value = asked == "true" if asked in ("true", "false") else key.default
    _draw(key, widget, label, value, key.default, arguments | {"value": value})
    return value


def put(key: Key, value: Value, default: Value | None = None) -> None:
    """Choose before the control is drawn, where no visitor did: see :func:`take`."""
    usual = key.default if default is None and not isinstance(key, Several) else default
    if value == usual:
        _address().pop(key.name, None)
    else:
        _address()[key.name] = _text(value)


def forget(*keys: Key) -> None:
    """Go back to the defaults."""
    for key in keys:
        _address().pop(key.name, None)


def is_hidden(*keys: Key) -> bool:
    """Whether the link hides all of these controls."""
    hidden = _hidden()
    return all(key.hideable and key.name in hidden for key in keys)


def _draw(
    key: Key,
    widget: Callable[..., Any],
    label: str,
    value: Value,
    usual: Value,
    arguments: Mapping[str, Any],
    then: Callable[[str], None] | None = None,
) -> None:
    if is_hidden(key):
        return
    # Every control begins with its value, and is set where it differs: what is set is sent to the browser, over what a
    # visitor may just be typing there, and alone it can be lost when a run is cut short.
    if st.session_state[_FRESH] or key.name not in st.session_state or st.session_state[key.name] != value:
        st.session_state[key.name] = value
    widget(label, key=key.name, on_change=_take, args=(key, usual, then), **arguments)


def take(key: Key, value: Value, usual: Value | None = None) -> None:
    """A visitor has chosen: what a link could not give is history then."""
    st.session_state[_NOTICES] = []
    put(key, value, usual)


def _take(key: Key, usual: Value, then: Callable[[str], None] | None) -> None:
    value = st.session_state[key.name]
    take(key, usual if value is None else value, usual)
    if then is not None:
        then(value)


def _text(value: Value) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


# ------------------------------------------------------------------------------------------------- hiding, and notices


def _hidden() -> set[str]:
    return {name.strip() for name in _address().get(HIDE, "").split(",") if name.strip()}


def _check_hidden() -> None:
    known = sorted(name for name in _hidden() if name in KEYS and KEYS[name].hideable)
    for name in sorted(_hidden().difference(known)):
        st.session_state[_NOTICES].append(f"No control “{_quoted(name)}” can be hidden.")
    _address().pop(HIDE, None)
    if known:
        _address()[HIDE] = ",".join(known)


def _fall_back(key: Key, asked: str, shown: str) -> None:
    forget(key)
    _tell_missing(key, asked, shown)


def _tell_missing(key: Key, asked: str, shown: str) -> None:
    instead = f": {_quoted(shown)} instead" if shown else ""
    st.session_state[_NOTICES].append(f"No {key.noun} “{_quoted(asked)}” here{instead}.")


def _quoted(text: str) -> str:
    """Text of a link as itself, cut where it is long."""
    return plain(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
