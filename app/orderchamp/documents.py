"""The GraphQL documents. Every one is checked against the schema, and its cost against the rule, by the tests."""

from collections.abc import Sequence

from app.domain.images import MOST_SHOWN
from app.orderchamp.unknowns import COST_LIMIT, MUTATION_COST, PAGE_LIMIT, WEBHOOK_FIELDS

VARIANT = "id sku price msrp inventoryQuantity inventoryPolicy option1 option2 option3 barcode"
PRODUCT = (
    "id title description option1 option2 option3 weight length width height createdAt updatedAt listing { id status }"
)
USER_ERRORS = "userErrors { field message name }"

ACCOUNT = "query account { account { id name } storefronts(first: 50) { nodes { id name isPublished } } }"
ACCOUNT_COST = 51

FIND_COST_EACH = 3
"""One variant, its product, and the product's listing."""
FIND_PAGE = min(COST_LIMIT // FIND_COST_EACH, PAGE_LIMIT)

READ_PAGE = 100
READ_COST_EACH = 2 + READ_PAGE
"""One product, its listing, and a page of its variants."""
READS = COST_LIMIT // READ_COST_EACH

IMAGES_COST_EACH = 1 + MOST_SHOWN
"""One product and a page of its images."""
IMAGE_COUNTS = COST_LIMIT // IMAGES_COST_EACH

ALIASES = COST_LIMIT // (2 * MUTATION_COST)
"""Mutations in one document: half of what the limit would allow, since their real cost is unknown."""

FIND = (
    "query find($skus: [String], $first: Int!, $after: String) { productVariants(first: $first, after: $after, skus: $skus) "
    f"{{ nodes {{ {VARIANT} product {{ {PRODUCT} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
)

CREATE_PRODUCT = (
    "mutation productCreate($input: ProductCreateInput!) { productCreate(input: $input) { product { "
    f"{PRODUCT} variants(first: {READ_PAGE}) {{ nodes {{ {VARIANT} }} pageInfo {{ hasNextPage endCursor }} }} }} "
    f"{USER_ERRORS} }} }}"
)
CREATE_PRODUCT_COST = MUTATION_COST + READ_COST_EACH

CREATE_VARIANT = (
    "mutation productVariantCreate($input: ProductVariantCreateInput!) { productVariantCreate(input: $input) "
    f"{{ productVariant {{ {VARIANT} }} {USER_ERRORS} }} }}"
)
CREATE_VARIANT_COST = MUTATION_COST + 1

PUBLISH = (
    "mutation productPublish($input: ProductPublishInput!) { productPublish(input: $input) "
    f"{{ product {{ id listing {{ id status }} }} {USER_ERRORS} }} }}"
)
PUBLISH_COST = MUTATION_COST + 2

REFRESH = (
    "mutation productRepublish($input: ProductRepublishInput!) { productRepublish(input: $input) "
    f"{{ product {{ id }} {USER_ERRORS} }} }}"
)
REFRESH_COST = MUTATION_COST + 1

SET_STOCK = (
    "mutation inventoryLevelBulkAdjust($input: InventoryLevelBulkAdjustInput!) { inventoryLevelBulkAdjust(input: $input) "
    f"{{ inventoryLevels {{ productVariant {{ id }} quantity }} {USER_ERRORS} }} }}"
)

WEBHOOK_PAGE = 100
WEBHOOKS = (
    f"query webhooks($after: String) {{ webhooks(first: {WEBHOOK_PAGE}, after: $after) "
    f"{{ nodes {{ {WEBHOOK_FIELDS} }} pageInfo {{ hasNextPage endCursor }} }} }}"
)
CREATE_WEBHOOK = (
    "mutation webhookCreate($input: WebhookCreateInput!) { webhookCreate(input: $input) "
    f"{{ webhook {{ id }} {USER_ERRORS} }} }}"
)
CREATE_WEBHOOK_COST = MUTATION_COST + 1
DELETE_WEBHOOK = (
    "mutation webhookDelete($input: WebhookDeleteInput!) { webhookDelete(input: $input) "
    f"{{ deletedWebhookId {USER_ERRORS} }} }}"
)


def set_stock_cost(lines: int) -> int:
    """Return the cost of setting the stock of this many variants: each level comes back with its variant."""
    return MUTATION_COST + 2 * lines


def read(products: int) -> str:
    """Return a query that reads so many products, as ``p0``, ``p1``, …: of each a page of its variants, after a cursor."""
    names = ", ".join(f"$id{n}: ID!, $after{n}: String" for n in range(products))
    fields = " ".join(
        f"p{n}: product(id: $id{n}) {{ {PRODUCT} variants(first: {READ_PAGE}, after: $after{n}) "
        f"{{ nodes {{ {VARIANT} }} pageInfo {{ hasNextPage endCursor }} }} }}"
        for n in range(products)
    )
    return f"query read({names}) {{ {fields} }}"


def count_images(products: int) -> str:
    """Return a query that counts the images of so many products, as ``read`` names them."""
    names = ", ".join(f"$id{n}: ID!" for n in range(products))
    fields = " ".join(
        f"p{n}: product(id: $id{n}) {{ id images(first: {MOST_SHOWN}) {{ nodes {{ id }} }} }}" for n in range(products)
    )
    return f"query countImages({names}) {{ {fields} }}"


def many(mutations: Sequence[str]) -> str:
    """Return one document with these mutations, each under an alias ``m0``, ``m1``, … with an input of the same name.

    Only mutations that may be repeated are put together, since one answer that is lost is lost for all of them.
    """
    inputs = ", ".join(f"$m{n}: {_capital(each)}Input!" for n, each in enumerate(mutations))
    fields = " ".join(f"m{n}: {each}(input: $m{n}) {{ {USER_ERRORS} }}" for n, each in enumerate(mutations))
    return f"mutation many({inputs}) {{ {fields} }}"


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]
