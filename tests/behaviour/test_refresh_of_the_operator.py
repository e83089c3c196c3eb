"""How often pages are fetched again, where the operator has chosen what no card offers."""

import pytest
from simcord import Env

from index import Gatherer
from tests.support.cards import components
from tests.support.servers import Server, card


@pytest.fixture
def server(simcord_env: Env) -> Server:
    return Server(simcord_env)


async def test_the_card_shows_it_and_choosing_it_again_leaves_it(server: Server, bot_gatherer: Gatherer) -> None:
    await bot_gatherer.set_refresh(server.collection, 12)

    asked = await server.admin.slash(server.channel, "settings")
    (select,) = [one for one in components(card(asked)) if one.get("custom_id") == "set1:refresh"]
    assert [one["label"] for one in select["options"] if one.get("default")] == ["Every 12 hours"]

    await server.admin.select(card(asked), ["12"], custom_id="set1:refresh")
    assert await bot_gatherer.refresh_every(server.collection) == 12
    await server.admin.select(card(asked), ["never"], custom_id="set1:refresh")
    assert await bot_gatherer.refresh_every(server.collection) is None
