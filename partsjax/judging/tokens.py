"""Tokens in links: who has one comes in. Only their hashes are kept."""

import dataclasses
import hashlib
import hmac
import re
import secrets
import sqlite3

from partsjax.judging.store import time_now

_FORM = re.compile(r"([1-9][0-9]{0,8})\.([A-Za-z0-9_-]{43})")  # its number, and 256 random bits
_NOBODY = bytes(32)
_MOST = 20  # of a rater, who may come from several devices


@dataclasses.dataclass(frozen=True)
class Bearer:
    """Whose a token is.

    role: "owner", who sees all answers; "entry", the link that a platform gives to all its participants;
    "rater". rater: the number of a rater, else None.
    """

    role: str
    rater: int | None = None


def make_token(written: sqlite3.Connection, bearer: Bearer, *, instead: bool = False) -> str:
    """A new token, in a transaction; instead: the bearer's earlier ones open nothing any more."""
    secret = secrets.token_urlsafe(32)
    if instead:
        written.execute("DELETE FROM tokens WHERE role = ? AND rater IS ?", (bearer.role, bearer.rater))
    number = written.execute(
        "INSERT INTO tokens (role, rater, hash, created_at) VALUES (?, ?, ?, ?)",
        (bearer.role, bearer.rater, _hash(secret), time_now()),
    ).lastrowid
    written.execute(
        "DELETE FROM tokens WHERE role = ?1 AND rater IS ?2 AND token NOT IN "
        "(SELECT token FROM tokens WHERE role = ?1 AND rater IS ?2 ORDER BY token DESC LIMIT ?3)",
        (bearer.role, bearer.rater, _MOST),
    )
    return f"{number}.{secret}"


def bearer_of(connection: sqlite3.Connection, token: str | None) -> Bearer | None:
    """Whose a token is; None where it is nobody's. Takes as long for a wrong one as for a right one."""
    form = _FORM.fullmatch(token or "")
    if not form:
        return None
    row = connection.execute("SELECT role, rater, hash FROM tokens WHERE token = ?", (form[1],)).fetchone()
    right = hmac.compare_digest(row[2] if row else _NOBODY, _hash(form[2]))
    return Bearer(*row[:2]) if row and right else None


def has_token(connection: sqlite3.Connection, bearer: Bearer) -> bool:
    query = "SELECT EXISTS (SELECT 1 FROM tokens WHERE role = ? AND rater IS ?)"
    return bool(connection.execute(query, (bearer.role, bearer.rater)).fetchone()[0])


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
