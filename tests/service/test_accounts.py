"""Accounts: what opens them, what locks them, and what lies in the file."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import argon2
import hypothesis.strategies as st
import pytest
from hypothesis import given

from jitasa_analytics import areas, texts
from jitasa_analytics.cli import main, printing
from jitasa_analytics.errors import InputError, UnknownError
from jitasa_analytics.service import roles
from jitasa_analytics.service.accounts import Accounts, SignInError, name_of
from jitasa_analytics.service.roles import NotAllowedError, User

QUICK = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
GOOD = "ดาวเรือง-2564-กลางแจ้ง"


class Clock:
    """Seconds that pass when they are told to."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock) -> Accounts:
    made = Accounts(tmp_path / "store", clock=clock, hasher=QUICK)
    made.add("somchai", "province", "20", GOOD)
    return made


def test_name_and_password_open_an_account(accounts: Accounts) -> None:
    assert accounts.check("Somchai ", GOOD).user == User("somchai", "province", "20")
    for name, password in (("somchai", GOOD + "x"), ("somchai", ""), ("nobody", GOOD), ("somchai", GOOD * 100)):
        with pytest.raises(SignInError) as refused:
            accounts.check(name, password)
        assert refused.value.key == "service.sign_in.wrong", "name and password are not told apart"


def test_the_file_holds_nothing_to_sign_in_with(accounts: Accounts) -> None:
    session, token = accounts.open_session(User("somchai", "province", "20")), accounts.make_token("somchai", "ศูนย์")
    content = b"".join(p.read_bytes() for p in accounts.path.parent.iterdir() if p.is_file())
    for secret in (GOOD, session, token):
        assert secret.encode() not in content
    assert b"$argon2id$" in content
    assert stat.S_IMODE(accounts.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(accounts.path.parent.stat().st_mode) == 0o700


def test_thirty_wrong_passwords(accounts: Accounts, clock: Clock) -> None:
    """After five the account is shut, for the right password too; after fifteen minutes it opens again."""
    keys = []
    for number in range(30):
        with pytest.raises(SignInError) as refused:
            accounts.check("somchai", f"wrong-{number}")
        keys.append(refused.value.key)
    assert keys == ["service.sign_in.wrong"] * 5 + ["service.sign_in.locked"] * 25
    with pytest.raises(SignInError, match="15 minutes"):
        accounts.check("somchai", GOOD)
    assert accounts.listed()[0].locked
    clock.now += 15 * 60 - 1
    with pytest.raises(SignInError):
        accounts.check("somchai", GOOD)
    clock.now += 2
    assert accounts.check("somchai", GOOD).user.name == "somchai"
    # A name nobody has is shut in the same way: what is locked exists or does not.
    for _ in range(5):
        with pytest.raises(SignInError):
            accounts.check("nobody", "x")
    with pytest.raises(SignInError, match="15 minutes"):
        accounts.check("nobody", "x")


def test_the_right_password_wipes_the_wrong_ones(accounts: Accounts) -> None:
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(SignInError):
                accounts.check("somchai", "wrong")
        accounts.check("somchai", GOOD)


def test_one_address_can_not_try_every_account(accounts: Accounts) -> None:
    for number in range(30):
        with pytest.raises(SignInError):
            accounts.check(f"user{number}", "Password1", "10.0.0.9")
    with pytest.raises(SignInError, match="15 minutes"):
        accounts.check("somchai", GOOD, "10.0.0.9")
    assert accounts.check("somchai", GOOD, "10.0.0.8").user.name == "somchai"


def test_many_at_once_do_not_outrun_the_count(accounts: Accounts) -> None:
    tried: list[str] = []

    def guess(number: int) -> None:
        try:
            accounts.check("somchai", f"guess {number}")
        except SignInError as error:
            tried.append(str(error.key))

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(tried).count("service.sign_in.wrong") == 5 and len(tried) == 12


def test_a_session_ends(accounts: Accounts, clock: Clock) -> None:
    """After eight hours, by signing out, by another password, and when the account is shut."""
    user = accounts.check("somchai", GOOD).user

    def opened() -> str:
        return name_of(accounts.open_session(user))

    key = opened()
    assert accounts.session(key) == user and accounts.session(key + "0") is None and accounts.session("") is None
    clock.now += 8 * 3600 - 1
    assert accounts.session(key) == user
    clock.now += 2
    assert accounts.session(key) is None
    key, other = opened(), opened()
    accounts.end_session(key)
    assert accounts.session(key) is None and accounts.session(other) == user
    accounts.change_password("somchai", GOOD, GOOD + "!")
    assert accounts.session(other) is None
    key, token = opened(), accounts.make_token("somchai", "x")
    assert accounts.token(token) == user
    accounts.disable("somchai")
    assert accounts.session(key) is None and accounts.token(token) is None
    with pytest.raises(SignInError):
        accounts.check("somchai", GOOD + "!")
    accounts.disable("somchai", disabled=False)
    assert accounts.session(key) is None, "what was ended stays ended"
    assert accounts.check("somchai", GOOD + "!").user == user


def test_a_role_and_an_area_that_change_hold_at_once(accounts: Accounts) -> None:
    """Sessions of accounts look their rights up; those of another house carry what it said."""
    foreign = name_of(accounts.open_session(User("oidc:x", "analyst", "10"), foreign=True))
    assert accounts.session(foreign) == User("oidc:x", "analyst", "10")
    unknown = name_of(accounts.open_session(User("ghost", "ministry", "TH")))
    assert accounts.session(unknown) is None


def test_bad_accounts_are_refused(accounts: Accounts) -> None:
    for name, role, scope, password in (
            ("somchai", "province", "20", GOOD), ("a b", "province", "20", GOOD), ("new", "king", "TH", GOOD),
            ("x'; DROP TABLE users", "analyst", "TH", GOOD), ("new", "province", "2001", GOOD),
            ("new", "ministry", "20", GOOD), ("new", "analyst", "TH", "short"),
            ("newperson", "analyst", "TH", "newperson-1"), ("new", "analyst", "TH", "aaaaaaaaaaaa")):
        with pytest.raises(InputError):
            accounts.add(name, role, scope, password)
    with pytest.raises(UnknownError):
        accounts.disable("nobody")
    with pytest.raises(UnknownError):
        accounts.add("new", "province", "Atlantis", GOOD)
    assert len(accounts.listed()) == 1


@pytest.mark.parametrize("lang", ["th", "en"])
def test_the_command_lists_accounts_with_their_state(tmp_path: Path, lang: str, capsys: pytest.CaptureFixture[str],
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    """Open, locked after five wrong passwords and shut, in a pipe and on a screen."""
    accounts = Accounts(tmp_path / "store", hasher=QUICK)
    for name in ("away", "here", "somchai"):
        accounts.add(name, "analyst", "TH", GOOD)
    accounts.disable("away")
    for _ in range(5):
        with pytest.raises(SignInError):
            accounts.check("somchai", "no such password")

    def printed() -> str:
        with pytest.raises(SystemExit) as left:
            main(["users", "list", "--store", str(tmp_path / "store"), "--lang", lang])
        assert left.value.code == 0
        return capsys.readouterr().out

    head, *rows = printed().splitlines()
    assert head == "name,role,area,state,made_at"
    states = [texts.say(f"service.users.state.{s}", lang) for s in ("disabled", "open", "locked")]
    assert [tuple(r.split(",")[0:4:3]) for r in rows] == list(zip(("away", "here", "somchai"), states, strict=True))
    monkeypatch.setattr(printing, "to_terminal", lambda: True)
    assert texts.say("service.users.now", lang) in printed()


CODES = st.sampled_from(["TH", "20", "2001", "200101", "2002", "10", "1001", "100101"])


@given(scope=CODES, asked=CODES)
def test_what_is_read_lies_in_the_account_s_area(scope: str, asked: str) -> None:
    """Either the answer lies inside both areas, or it is refused; never wider than the account's."""
    user = User("x", "analyst", scope)
    inside = "" if scope == areas.COUNTRY else scope
    try:
        given_area = user.within(asked)
    except NotAllowedError:
        assert not asked.startswith(scope) and not scope.startswith(asked) and asked != "TH"
        return
    assert given_area.startswith(inside) or scope == "TH"
    assert given_area in (asked, scope)
    assert not user.holds(None) or scope == "TH"


def test_an_area_outside_is_named_in_the_reader_s_language() -> None:
    with pytest.raises(NotAllowedError) as told:
        User("x", "province", "20").within("10")
    assert "Bangkok" in texts.of_error(told.value, "en") and "(Chon Buri)" in texts.of_error(told.value, "en")
    assert "กรุงเทพมหานคร" in texts.of_error(told.value, "th") and "ชลบุรี" in texts.of_error(told.value, "th")


def test_rights_are_those_of_the_post() -> None:
    table = {r: {x for x in ("see", "export", "change", "contacts", "audit", "exact") if User("x", r).may(x)}
             for r in roles.ROLES}
    assert table["public"] == set()
    assert table["analyst"] == {"see", "export"}
    assert table["ministry"] == {"see", "export", "audit", "exact"}
    assert table["coordinator"] == table["tambon"] == table["district"] == table["province"] == \
        {"see", "export", "change", "contacts", "exact"}
    with pytest.raises(NotAllowedError):
        User("x", "analyst").require("contacts")
