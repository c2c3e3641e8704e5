"""A link that would be unsafe is refused before anything connects."""

from pathlib import Path

import pytest

from locker.sync.settings import LinkSettings, LinkSettingsError, Tls


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
def test_plain_is_allowed_on_this_machine(host: str) -> None:
    assert LinkSettings("a", host, 1883).tls is None


@pytest.mark.parametrize("host", ["mqtt.example.com", "10.0.0.1", "0.0.0.0", "localhost.example.com", ""])  # noqa: S104  # an address to refuse
def test_plain_is_refused_elsewhere(host: str) -> None:
    with pytest.raises(LinkSettingsError, match=r"no TLS is set.*CA file"):
        LinkSettings("a", host, 1883)


def test_an_automat_id_that_is_no_topic_is_refused() -> None:
    with pytest.raises(LinkSettingsError, match="'#'"):
        LinkSettings("#", "127.0.0.1", 1883)


def test_a_ca_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LinkSettingsError, match=r"ca\.pem"):
        Tls(tmp_path / "ca.pem").context()
    (tmp_path / "ca.pem").write_text("nonsense")
    with pytest.raises(LinkSettingsError, match=r"ca\.pem"):
        Tls(tmp_path / "ca.pem").context()


def test_a_password_is_never_shown() -> None:
    assert "secret" not in repr(LinkSettings("a", "::1", 1, username="u", password="secret"))
