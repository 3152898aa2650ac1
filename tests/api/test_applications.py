"""The back office's calls, over HTTP, against the sandbox."""

import pytest

from tests.api.conftest import SHOP, SHOP_TOKEN, Web


async def test_installing_imports_the_catalogue_and_answers_who_is_published_and_why(web: Web, shop: str) -> None:
    answer = await web.install()
    assert answer.status_code == 201
    application = answer.json()
    assert application["state"] == "installing"
    await web.work()
    details = (await web.call("GET", f"/v1/applications/{application['id']}")).json()
    assert (details["state"], details["why"]) == ("active", "Installed.")
    assert details["counters"]["products"] == {"published": 8, "skipped": 4}
    assert details["counters"]["backlog"] == 0
    assert {each["health"] for each in details["subscriptions"]} == {"active"}
    products = (await web.call("GET", f"/v1/applications/{application['id']}/products?q=jug")).json()["items"]
    assert [(each["title"], each["why"]) for each in products] == [
        ("Summer jug", "Not on Orderchamp, because it is draft in the shop.")
    ]
    mug = (await web.call("GET", f"/v1/applications/{application['id']}/products?sku=MUG-1")).json()["items"][0]
    whole = (await web.call("GET", f"/v1/applications/{application['id']}/products/{mug['source_id']}")).json()
    assert whole["generation"] == whole["observed_generation"]
    assert whole["desired"]["published"]
    assert whole["observed"][0]["published"]
    assert list(whole["desired"]["skipped"].values()) == [
        "It has no SKU in the shop; give it one to have it synchronised."
    ]
    shown = await web.shown("MUG-1")
    assert {each["sku"]: each["quantity"] for each in shown["variants"]} == {"MUG-1": 44, "MUG-2": 39, "MUG-3": 0}
    gift = await web.shown("GIFT")
    assert [(each["quantity"], each["policy"]) for each in gift["variants"]] == [(None, "CONTINUE")]


async def test_a_change_in_the_shop_reaches_orderchamp_and_the_timeline_names_its_delivery(web: Web, shop: str) -> None:
    application = (await web.install()).json()
    await web.work()
    board = next(each for each in (await web.client.get(f"{shop}/products")).json() if each["title"] == "Oak board")
    await web.client.post(f"{shop}/products/{board['id']}/unpublish")
    await web.quiet(shop)
    await web.work()
    assert (await web.shown("OAK-S"))["status"] == "unpublished"
    path = f"/v1/applications/{application['id']}/products/{board['id']}/timeline"
    last = (await web.call("GET", path)).json()["items"][-1]
    assert last["sentence"] == "Unpublished on Orderchamp, because it is draft in the shop."
    delivery = (await web.call("GET", f"/v1/deliveries/{last['delivery_id']}")).json()
    assert delivery["topic"] == "products/update"
    # Within the second of its creation the product's version does not tell which is newer, so the shop is read.
    assert delivery["outcome"] in ("applied", "reading")


async def test_installing_again_is_the_same_application(web: Web, shop: str) -> None:
    first = await web.install()
    again = await web.install(changes={"settings": {"price_kind": "wholesale", "publish_new": False}})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["settings"]["publish_new"] is False
    await web.work()
    await web.install()
    await web.work()
    assert (await web.shown("OAK-S"))["status"] == "published"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"credentials": {"access_token": "wrong"}}, "credentials"),
        ({"credentials": {}}, "credentials.access_token"),
        ({"credentials": {"access_token": SHOP_TOKEN, "colour": "red"}}, "credentials.colour"),
        ({"orderchamp": {"token": "wrong"}}, "orderchamp.token"),
        ({"orderchamp": {"token": "no header has\nlines"}}, "orderchamp.token"),
        ({"orderchamp": {"token": "tökén"}}, "orderchamp.token"),
        ({"orderchamp": {"token": "orderchamp-token-canary", "storefront_id": "x"}}, "orderchamp.storefront_id"),
        ({"shop": "https://example.com"}, "shop"),
        ({"platform": "nonsense"}, "platform"),
        ({"settings": {}}, "settings.price_kind"),
    ],
)
async def test_an_installation_that_cannot_work_says_which_part(
    web: Web, shop: str, changes: dict[str, object], field: str
) -> None:
    answer = await web.install(changes=changes)
    assert answer.status_code == 422, answer.text
    assert [each["field"] for each in answer.json()["reasons"]] == [field]
    assert "canary" not in answer.text
    assert (await web.call("GET", "/v1/applications")).json()["items"] == []


async def test_an_unreachable_side_leaves_nothing_behind(web: Web, shop: str) -> None:
    await web.client.post(f"{web.shopify}/_sandbox/faults", json={"kind": "http_500", "times": None})
    answer = await web.install()
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert "retry-after" in answer.headers
    assert (await web.call("GET", "/v1/applications")).json()["items"] == []


async def test_a_shop_of_another_supplier_and_an_account_of_another_supplier_are_refused(web: Web, shop: str) -> None:
    await web.install()
    assert (await web.install("somebody-else")).status_code == 409
    other = f"{web.shopify}/_sandbox/shops/other.myshopify.com"
    await web.client.put(other, json={"token": SHOP_TOKEN, "catalogue": "none"})
    answer = await web.install("somebody-else", {"shop": "other.myshopify.com"})
    assert answer.status_code == 422
    assert "another supplier" in answer.json()["detail"]


@pytest.mark.parametrize(("products", "status"), [("keep", "published"), ("unpublish", "unpublished")])
async def test_uninstalling_cleans_up_and_reviving_remembers(web: Web, shop: str, products: str, status: str) -> None:
    application = (await web.install()).json()
    await web.work()
    path = f"/v1/applications/{application['id']}"
    assert (await web.call("DELETE", f"{path}?products={products}")).status_code == 202
    await web.work()
    assert (await web.call("DELETE", f"{path}?products={products}")).status_code == 204
    assert (await web.call("GET", path)).json()["state"] == "uninstalled"
    assert (await web.client.get(f"{shop}/subscriptions")).json() == []
    assert (await web.shown("OAK-S"))["status"] == status
    gone = await web.client.post(f"{web.url}/webhooks/shopify/{application['id']}", content=b"{}")
    assert gone.status_code == 404
    async with web.services.store.transaction() as tx:
        assert await tx.vault.get(application["id"]) == {}
    revived = await web.install()
    assert (revived.status_code, revived.json()["id"]) == (200, application["id"])
    await web.work()
    assert (await web.shown("OAK-S"))["status"] == "published"


async def test_the_shop_itself_uninstalls_with_its_token_already_dead(web: Web, shop: str) -> None:
    application = (await web.install()).json()
    await web.work()
    await web.client.post(f"{shop}/uninstall")
    await web.quiet(shop)
    await web.work()
    details = (await web.call("GET", f"/v1/applications/{application['id']}")).json()
    assert (details["state"], details["why"]) == ("uninstalled", "The app was removed in the shop.")
    assert (await web.shown("OAK-S"))["status"] == "published"


async def test_a_dead_credential_pauses_and_a_working_one_resumes(web: Web, shop: str) -> None:
    application = (await web.install()).json()
    await web.work()
    path = f"/v1/applications/{application['id']}"
    await web.client.post(f"{web.orderchamp}/_sandbox/tokens/orderchamp-token-canary/revoke")
    board = next(each for each in (await web.client.get(f"{shop}/products")).json() if each["title"] == "Oak board")
    await web.client.post(f"{shop}/products/{board['id']}/unpublish")
    await web.quiet(shop)
    await web.work()
    details = (await web.call("GET", path)).json()
    assert details["state"] == "paused"
    assert "Orderchamp does not accept the token any more" in details["why"]
    await web.client.put(
        f"{web.orderchamp}/_sandbox/accounts/new-token", json={"same_account_as": "orderchamp-token-canary"}
    )
    answer = await web.call("PATCH", path, {"orderchamp": {"token": "new-token"}})
    assert answer.json()["state"] == "active"
    await web.work()
    assert (await web.shown("OAK-S"))["status"] == "unpublished"


async def test_settings_are_changed_one_by_one_and_every_wrong_one_is_named(web: Web, shop: str) -> None:
    application = (await web.install()).json()
    await web.work()
    path = f"/v1/applications/{application['id']}"
    before = (await web.call("GET", path)).json()["settings"]
    stock = (await web.shown("OAK-S"))["variants"][0]["quantity"]
    changes = {"safety_stock": 1, "fields": {"title": False}, "guard": {"number": 5}}
    answer = (await web.call("PATCH", path, {"settings": changes})).json()
    assert answer["settings"] == {
        **before,
        "safety_stock": 1,
        "fields": {**before["fields"], "title": False},
        "guard": {**before["guard"], "number": 5},
    }
    await web.work()
    assert (await web.shown("OAK-S"))["variants"][0]["quantity"] == stock - 1
    wrong = {"mode": "all", "currency": "eur", "guard": {"share": 2}, "nonsense": 1}
    refused = await web.call("PATCH", path, {"settings": wrong})
    assert refused.status_code == 422
    assert {each["field"] for each in refused.json()["reasons"]} == {
        "settings.mode",
        "settings.currency",
        "settings.guard.share",
        "settings.nonsense",
    }
    assert (await web.call("GET", path)).json()["settings"] == answer["settings"]


async def test_a_persons_pause_stops_writing_until_a_person_resumes(web: Web, shop: str) -> None:
    application = (await web.install()).json()
    await web.work()
    path = f"/v1/applications/{application['id']}"
    assert (await web.call("POST", f"{path}/pause")).json()["state"] == "paused"
    board = next(each for each in (await web.client.get(f"{shop}/products")).json() if each["title"] == "Oak board")
    await web.client.post(f"{shop}/products/{board['id']}/unpublish")
    await web.quiet(shop)
    assert (await web.install()).json()["state"] == "paused"
    await web.work()
    assert (await web.shown("OAK-S"))["status"] == "published"
    assert (await web.call("POST", f"{path}/resume")).json()["state"] in ("active", "installing")
    await web.work()
    assert (await web.shown("OAK-S"))["status"] == "unpublished"


async def test_keys_see_and_do_only_what_they_may(web: Web, shop: str) -> None:
    application = (await web.install()).json()
    path = f"/v1/applications/{application['id']}"
    assert (await web.call("GET", path, key=None)).status_code == 401
    assert (await web.call("GET", path, key="unknown")).status_code == 401
    assert (await web.call("GET", path, key="read")).status_code == 200
    assert (await web.call("POST", f"{path}/pause", key="read")).status_code == 403
    assert (await web.call("DELETE", path, key="operate")).status_code == 403
    assert (await web.call("GET", path, key="bound")).status_code == 200
    assert (await web.call("GET", "/v1/suppliers/somebody-else/applications", key="bound")).status_code == 404
    other = f"{web.shopify}/_sandbox/shops/other.myshopify.com"
    await web.client.put(other, json={"token": SHOP_TOKEN})
    await web.client.put(f"{web.orderchamp}/_sandbox/accounts/other-token", json={"name": "Other"})
    foreign = (
        await web.install("somebody-else", {"shop": "other.myshopify.com", "orderchamp": {"token": "other-token"}})
    ).json()
    assert (await web.call("GET", f"/v1/applications/{foreign['id']}", key="bound")).status_code == 404
    visible = (await web.call("GET", "/v1/applications", key="bound")).json()["items"]
    assert [each["id"] for each in visible] == [application["id"]]


async def test_no_answer_and_no_row_shows_a_secret(web: Web, shop: str) -> None:
    application = (await web.install()).json()
    await web.work()
    answers = [
        (await web.call("GET", f"/v1/applications/{application['id']}{rest}")).text
        for rest in ("", "/products", "/deliveries")
    ]
    assert not [each for each in answers if "canary" in each]


async def test_the_documentation_is_complete_and_loads_nothing_from_outside(web: Web) -> None:
    page = (await web.client.get(f"{web.url}/docs")).text
    assert "http://" not in page
    assert "https://" not in page
    for part in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert (await web.client.get(f"{web.url}/static-offline-docs/{part}")).status_code == 200
    document = (await web.client.get(f"{web.url}/openapi.json")).json()
    assert "/webhooks/{platform}/{application_id}" in document["paths"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), (method, path)
            if path.startswith("/v1"):
                assert {"401", "422", "503"} <= set(operation["responses"]), (method, path)
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert "example" in response["content"]["application/problem+json"], (method, path, status)
    assert SHOP in str(document["components"]["schemas"]["InstallBody"])
