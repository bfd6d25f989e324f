"""Tokens: unguessable, kept as hashes alone, and compared in constant time."""

import hmac

import pytest

from partsjax.judging import store, tokens
from partsjax.judging.raters import add_rater
from partsjax.judging.store import Store
from partsjax.judging.tokens import Bearer, bearer_of, make_token
from tests.judging import studies


@pytest.fixture
def opened(tmp_path):
    with Store(studies.folder(tmp_path / "S") / store.DATABASE) as opened:
        yield opened


OWNER = Bearer("owner")


def made(opened, bearer=OWNER, **how):
    with opened.transaction() as written:
        return make_token(written, bearer, **how)


def test_a_token_says_whose_it_is(opened):
    with opened.transaction() as written:
        rater = add_rater(written)
    for bearer in (Bearer("owner"), Bearer("entry"), Bearer("rater", rater)):
        assert bearer_of(opened.connection, made(opened, bearer)) == bearer


def test_no_token_is_kept(opened):
    token = made(opened)
    assert len(token.partition(".")[2]) == 43  # 256 bits
    opened.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert token.partition(".")[2].encode() not in opened.path.read_bytes()


def test_what_is_no_token_opens_nothing(opened):
    token = made(opened)
    other = made(opened, Bearer("entry"))
    number, _, secret = token.partition(".")
    wrong = [
        *(
            "",
            "1",
            token[:-1],
            token + "x",
            f"{number}.{other.partition('.')[2]}",
            f"9.{secret}",
            f"0{token}",
        ),
        *(
            f"{number}.{secret[:-1]}é",
            f"{number}' OR 1=1 --.{secret}",
            f"99999999999999999999.{secret}",
            None,
        ),
    ]
    assert [token for token in wrong if bearer_of(opened.connection, token)] == []


def test_hashes_are_compared_in_constant_time(opened, monkeypatch):
    compared = []
    monkeypatch.setattr(
        hmac, "compare_digest", lambda one, other: compared.append((len(one), len(other))) or one == other
    )
    assert bearer_of(opened.connection, made(opened)) and not bearer_of(opened.connection, "9." + "a" * 43)
    assert compared == [(32, 32)] * 2  # also where there is no such token


def test_a_new_token_instead_of_earlier_ones(opened):
    first, second = made(opened), made(opened)
    assert bearer_of(opened.connection, first) and bearer_of(opened.connection, second)
    third = made(opened, instead=True)
    assert [bool(bearer_of(opened.connection, one)) for one in (first, second, third)] == [False, False, True]


def test_a_bearer_has_so_many_tokens_at_most(opened, monkeypatch):
    monkeypatch.setattr(tokens, "_MOST", 3)
    several = [made(opened) for _ in range(5)]
    assert [bool(bearer_of(opened.connection, one)) for one in several] == [False, False, True, True, True]
