"""What the settings make of what is written in the environment."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from pydantic import ValidationError

from shared.settings import HouseSettings


def test_a_production_house_leads_nowhere_but_to_what_is_named():
    assert HouseSettings(environment="production").outbound_networks == ()
    named = HouseSettings(environment="production", outbound_allow="10.20.0.0/16, fd12::/16,")
    assert [str(net) for net in named.outbound_networks] == ["10.20.0.0/16", "fd12::/16"]


@pytest.mark.parametrize("environment", ["test", "demo"])
def test_a_rehearsal_leads_to_its_own_machine_too(environment):
    networks = HouseSettings(environment=environment, outbound_allow="10.0.0.1").outbound_networks
    assert [str(net) for net in networks] == ["10.0.0.1/32", "127.0.0.0/8", "::1/128"]


@pytest.mark.parametrize("written", ["x", "10.0.0.1/8", "10.0.0.0/33", "example.com", "10.0.0.0/8;10.1.0.0/16"])
def test_networks_that_are_none_stop_the_process(written):
    with pytest.raises(ValidationError, match="outbound_allow"):
        HouseSettings(outbound_allow=written)


ODD = "p@ss:/?#[] wörd%"


def test_a_password_comes_from_a_file_and_any_sign_may_be_in_it(tmp_path):
    (tmp_path / "database_password").write_text(f"{ODD}\n", encoding="utf-8")
    (tmp_path / "RABBITMQ_PASSWORD").write_text("simple", encoding="utf-8")
    settings = HouseSettings(
        _secrets_dir=tmp_path, database_url="postgresql://us@db:5432/house", rabbitmq_url="amqp://us@broker:5672/"
    )
    assert urlsplit(settings.database_address).hostname == "db"
    assert unquote(urlsplit(settings.database_address).password) == ODD
    assert settings.rabbitmq_address == "amqp://us:simple@broker:5672/"
    assert ODD not in repr(settings)
    assert "simple" not in repr(settings)


def test_a_whole_address_comes_from_a_file_too(tmp_path):
    (tmp_path / "database_url").write_text("postgresql://us:secret@db/house", encoding="utf-8")
    assert HouseSettings(_secrets_dir=tmp_path).database_address == "postgresql://us:secret@db/house"


def test_the_environment_stands_above_the_files(tmp_path, monkeypatch):
    (tmp_path / "database_url").write_text("postgresql://us@elsewhere/house", encoding="utf-8")
    monkeypatch.setenv("DATABASE_URL", "postgresql://us@here/house")
    assert HouseSettings(_secrets_dir=tmp_path).database_address == "postgresql://us@here/house"


@pytest.mark.parametrize(
    ("url", "why"),
    [("postgresql://db/house", "names no user"), ("postgresql://us:first@db/house", "holds another one already")],
)
def test_a_password_that_fits_nowhere_stops_the_process_and_is_not_told(url, why):
    with pytest.raises(ValidationError, match=f"DATABASE_URL: .*{why}") as refused:
        HouseSettings(database_url=url, database_password="second")
    assert "second" not in str(refused.value)
    assert "first" not in str(refused.value)


def test_without_a_password_an_address_is_as_it_was_written():
    assert HouseSettings(database_url="postgresql:///house?host=/tmp").database_address.endswith("?host=/tmp")
    assert HouseSettings().rabbitmq_address == "memory://"
