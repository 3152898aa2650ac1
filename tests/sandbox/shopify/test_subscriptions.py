import pytest

from tests.sandbox.shopify.standin import SUBSCRIBE, StandIn

URI = "https://app.example/webhooks/shopify/one"
LIST = "{ webhookSubscriptions(first: 250) { edges { node { id topic uri includeFields filter name format } } } }"


async def listed(shopify: StandIn) -> list[dict[str, object]]:
    return [each["node"] for each in (await shopify.ask(LIST))["webhookSubscriptions"]["edges"]]


def messages(payload: dict[str, list[dict[str, str]]]) -> list[str]:
    return [each["message"] for each in payload["userErrors"]]


async def test_a_subscription_is_made_listed_changed_and_deleted(shopify: StandIn) -> None:
    made = await shopify.subscribe("PRODUCTS_UPDATE", URI, includeFields=["id", "updated_at"], name="one")
    identity = made["webhookSubscription"]["id"]
    assert await listed(shopify) == [
        {
            "id": identity,
            "topic": "PRODUCTS_UPDATE",
            "uri": URI,
            "includeFields": ["id", "updated_at"],
            "filter": None,
            "name": "one",
            "format": "JSON",
        }
    ]

    update = (
        "mutation change($id: ID!, $given: WebhookSubscriptionInput!) "
        "{ webhookSubscriptionUpdate(id: $id, webhookSubscription: $given) "
        "{ webhookSubscription { uri includeFields } userErrors { message } } }"
    )
    changed = await shopify.ask(update, id=identity, given={"includeFields": ["id"]})
    assert changed["webhookSubscriptionUpdate"]["webhookSubscription"] == {"uri": URI, "includeFields": ["id"]}

    delete = (
        "mutation delete($id: ID!) { webhookSubscriptionDelete(id: $id) "
        "{ deletedWebhookSubscriptionId userErrors { message } } }"
    )
    deleted = await shopify.ask(delete, id=identity)
    assert deleted["webhookSubscriptionDelete"] == {"deletedWebhookSubscriptionId": identity, "userErrors": []}
    again = (await shopify.ask(delete, id=identity))["webhookSubscriptionDelete"]
    assert messages(again) == ["Webhook subscription does not exist"]


async def test_refuses_the_same_topic_and_address_twice(shopify: StandIn) -> None:
    await shopify.subscribe("PRODUCTS_UPDATE", URI)

    assert messages(await shopify.subscribe("PRODUCTS_UPDATE", URI)) == [
        "Address for this topic has already been taken"
    ]
    assert messages(await shopify.subscribe("PRODUCTS_CREATE", URI)) == []


async def test_refuses_a_topic_whose_scope_was_not_granted(shopify: StandIn) -> None:
    await shopify.do("POST", "/scopes", {"scopes": ["read_products"]})

    refused = await shopify.subscribe("INVENTORY_LEVELS_UPDATE", URI)

    assert messages(refused) == ["You cannot create a webhook subscription with the specified topic"]
    assert messages(await shopify.subscribe("APP_UNINSTALLED", URI)) == []


@pytest.mark.parametrize("topic", ["CUSTOMERS_REDACT", "CUSTOMERS_DATA_REQUEST", "SHOP_REDACT"])
async def test_compliance_topics_cannot_be_subscribed_to(shopify: StandIn, topic: str) -> None:
    whole = await shopify.whole(SUBSCRIBE, topic=topic, given={"uri": URI})

    assert whole["errors"]
    assert await listed(shopify) == []


async def test_refuses_plain_http_unless_it_is_allowed(shopify: StandIn) -> None:
    uri = "http://127.0.0.1:8000/webhooks"
    await shopify.do("PUT", "/switches", {"allow_http_callbacks": False})
    assert messages(await shopify.subscribe("PRODUCTS_UPDATE", uri)) == ["Address protocol http:// is not supported"]

    await shopify.do("PUT", "/switches", {"allow_http_callbacks": True})
    assert messages(await shopify.subscribe("PRODUCTS_UPDATE", uri)) == []


@pytest.mark.parametrize(
    "given", [{"uri": "app.example"}, {"name": "not a name"}, {"filter": "color:red"}, {"format": "XML"}]
)
async def test_refuses_what_it_cannot_do(shopify: StandIn, given: dict[str, str]) -> None:
    assert messages(await shopify.subscribe("PRODUCTS_UPDATE", **{"uri": URI, **given}))


async def test_a_subscription_vanishes_without_a_word(shopify: StandIn) -> None:
    await shopify.subscribe("PRODUCTS_UPDATE", URI)
    (known,) = await shopify.do("GET", "/subscriptions")

    await shopify.do("DELETE", f"/subscriptions/{known['id']}")

    assert await listed(shopify) == []
