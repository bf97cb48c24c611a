"""What the settings make of what is written in the environment."""

from __future__ import annotations

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
