"""Problems over HTTP: listed with their ways out, told at the product, resolved by one call."""

from uuid import uuid4

from tests.api.conftest import Web


async def test_problems_are_listed_told_and_resolved(web: Web, shop: str) -> None:
    application = (await web.install()).json()
    await web.work()
    path = f"/v1/applications/{application['id']}"
    listed = (await web.call("GET", f"{path}/problems?state=open")).json()
    assert listed["next_cursor"] is None
    (mug,) = listed["items"]
    assert (mug["kind"], mug["title"], mug["state"]) == (
        "variant_skipped",
        "Variants that cannot be synchronised",
        "open",
    )
    assert [each["action"] for each in mug["ways"]] == ["dismiss"]
    counters = (await web.call("GET", path)).json()["counters"]
    assert (counters["problems"], counters["problems_by_kind"]) == (1, {"variant_skipped": 1})
    product = (await web.call("GET", f"{path}/products/{mug['source_ids'][0]}")).json()
    assert [each["id"] for each in product["problems"]] == [mug["id"]]
    resolved = await web.call("POST", f"/v1/problems/{mug['id']}/resolve", {"action": "dismiss"})
    assert (resolved.status_code, resolved.json()["state"]) == (200, "dismissed")
    assert (await web.call("GET", path)).json()["counters"]["problems"] == 0
    assert (await web.call("GET", f"{path}/problems?state=open")).json()["items"] == []
    assert len((await web.call("GET", f"{path}/problems?kind=variant_skipped")).json()["items"]) == 1


async def test_a_wrong_answer_says_which_would_be_right(web: Web, shop: str) -> None:
    application = (await web.install()).json()
    await web.work()
    (problem,) = (await web.call("GET", f"/v1/applications/{application['id']}/problems")).json()["items"]
    path = f"/v1/problems/{problem['id']}/resolve"
    wrong = await web.call("POST", path, {"action": "approve"})
    assert (wrong.status_code, wrong.json()["type"]) == (422, "/problems/wrong-answer")
    assert wrong.json()["detail"] == "A problem of the kind variant_skipped is resolved by `dismiss`."
    for body in ({"action": "dance"}, {"action": "bind"}, {"action": "dismiss", "more": 1}, {}):
        answer = await web.call("POST", path, body)
        assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-request"), body
    assert (await web.call("POST", path, {"action": "dismiss"}, key="read")).status_code == 403
    assert (await web.call("POST", f"/v1/problems/{uuid4()}/resolve", {"action": "dismiss"})).status_code == 404


async def test_a_key_of_another_supplier_sees_and_resolves_nothing(web: Web, shop: str) -> None:
    application = (await web.install("somebody-else")).json()
    await web.work()
    (problem,) = (await web.call("GET", f"/v1/applications/{application['id']}/problems")).json()["items"]
    hidden = await web.call("GET", f"/v1/applications/{application['id']}/problems", key="bound")
    assert hidden.status_code == 404
    answer = await web.call("POST", f"/v1/problems/{problem['id']}/resolve", {"action": "dismiss"}, key="bound")
    assert answer.status_code == 404


async def test_the_answers_are_documented_with_examples(web: Web) -> None:
    document = (await web.client.get(f"{web.url}/openapi.json")).json()
    body = document["paths"]["/v1/problems/{problem_id}/resolve"]["post"]["requestBody"]["content"]["application/json"]
    assert {"bind", "approve", "release"} <= set(body["examples"])
    assert body["schema"]["discriminator"]["propertyName"] == "action"
