"""ChannelEngine, by its Channel API: products and offers are asked for and acknowledged.

Facts are from ChannelEngine's help centre and the OpenAPI document of its Channel API; what was only inferred is marked where it
is relied on. A merchant's systems talk to it by other APIs with other keys, which are none of ours.
"""

from app.platforms.adapter import Adapter
from app.platforms.channelengine.changes import Changes
from app.platforms.channelengine.installation import Installation
from app.platforms.channelengine.webhooks import Webhooks

ADAPTER = Adapter(
    platform="channelengine",
    name="ChannelEngine",
    installation=Installation(),
    webhooks=Webhooks(),
    changes=Changes(),
    names_storefront=True,
)
