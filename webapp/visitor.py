"""Who a visitor is to the fine-tuning jobs, and whether they may launch one.

Whoever sits at the machine itself owns it: all is open, as on the command line. Elsewhere a visitor is who they have
logged in as, or else a random word in a cookie: it brings their jobs back after a reload, and says nothing about them.
To launch, one logs in, or knows the code.
"""

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

CODE_VARIABLE = "FERSCOPE_JOBS_CODE"
COOKIE = "ferscope_visitor"
LINK_COOKIE = "ferscope_link"  # the choices in the address, which a login forgets
# In the session: the cookie's word, whether the code was given, and whether the link before a login was looked for.
_WORD, _KNOWS_CODE, _CAME_BACK = "visitor", "knows_the_code", "came_back_from_login"
_HERE = ("localhost", "127.0.0.1", "::1")
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")
_YEAR_S, _LOGIN_S = 365 * 24 * 3600, 300

_cookie = st.components.v2.component(
    "ferscope_cookie",
    html="<span hidden></span>",
    js="""
export default function ({ data }) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  // In another site's frame, as on the Hub, a browser sends back no other cookie than one of its own for that site.
  const site = secure && window.self !== window.top ? "None; Partitioned" : "Lax";
  document.cookie = `${data.name}=${data.value}; Max-Age=${data.seconds}; Path=/; SameSite=${site}${secure}`;
}
""",
)


@dataclass(frozen=True)
class Visitor:
    """``owner``: under which jobs are kept; nobody's name or address can be read from it."""

    owner: str
    may_launch: bool


def visitor() -> Visitor:
    """Who looks at the page. Draws nothing."""
    if is_at_the_machine():
        return Visitor("", True)
    if user := _logged_in():
        return Visitor(f"login-{_digest(user)}", True)
    return Visitor(f"visitor-{_digest(_word())}", bool(st.session_state.get(_KNOWS_CODE)))


def ask_to_come_in() -> None:
    """Draw what a visitor who may not launch can do about it."""
    login, code = login_is_offered(), os.environ.get(CODE_VARIABLE, "")
    if not login and not code:
        st.info(
            "On this site nobody can launch a job. At the machine itself (localhost) everybody can; here its owner "
            f"has to offer a login, or to set an access code ({CODE_VARIABLE})."
        )
        return
    if login:
        link = base64.urlsafe_b64encode(urlencode(st.query_params.to_dict()).encode()).decode().rstrip("=")
        _cookie(key="link_cookie", data={"name": LINK_COOKIE, "value": link, "seconds": _LOGIN_S})
        st.button("Log in to launch", on_click=st.login, type="primary")
    if code:
        given = st.text_input("Access code", type="password", help="Whoever runs this site gives it.")
        if given and hmac.compare_digest(given.encode(), code.encode()):
            st.session_state[_KNOWS_CODE] = True
            st.rerun()
        elif given:
            st.error("This is not the access code.")


def remember_visitor() -> None:
    """Let the browser keep who an unknown visitor is; to be called where they launch."""
    if not is_at_the_machine() and not _logged_in():
        _cookie(key="visitor_cookie", data={"name": COOKIE, "value": _word(), "seconds": _YEAR_S})


def link_before_login() -> dict[str, str] | None:
    """The choices in the address from which a visitor went to log in, once, where they have just come back."""
    if st.session_state.get(_CAME_BACK):
        return None
    st.session_state[_CAME_BACK] = True
    kept = st.context.cookies.get(LINK_COOKIE, "")
    if not kept or st.query_params.to_dict() or not _logged_in():
        return None
    try:
        return dict(parse_qsl(base64.urlsafe_b64decode(kept + "=" * (-len(kept) % 4)).decode()))
    except ValueError:  # anything may be in a cookie
        return None


def is_at_the_machine() -> bool:
    """Whether the browser runs on the machine that serves the page, with nobody between them.

    A proxy on this machine connects from here as well, but asks for another host or says for whom.
    """
    headers = st.context.headers
    host = urlsplit(f"//{headers.get('Host', '')}").hostname
    return host in _HERE and st.context.ip_address is None and not any(name in headers for name in _FORWARDED)


def login_is_offered() -> bool:
    """Whether an identity provider is set up: a section [auth] in Streamlit's secrets."""
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False


def _logged_in() -> str:
    """Whom the identity provider says it is, or nothing."""
    if not login_is_offered() or not st.user.get("is_logged_in"):
        return ""
    return f"{st.user.get('iss', '')} {st.user.get('sub') or st.user.get('email', '')}"


def _word() -> str:
    """The cookie's, or a new one for this session."""
    if _WORD not in st.session_state:
        kept = st.context.cookies.get(COOKIE, "")
        st.session_state[_WORD] = kept if len(kept) == 48 and kept.isalnum() else secrets.token_hex(24)
    return str(st.session_state[_WORD])


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
