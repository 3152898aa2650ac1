"""The documents for reading a catalogue. Page sizes keep each of them below the 1,000 points that a query may cost.

Shopify's rule: an object costs a point, a scalar nothing, a connection ``first`` times what one of its nodes costs.
"""

LEVEL = 'location { id } updatedAt quantities(names: ["available"]) { name quantity }'
LEVEL_COST = 2
"""The level and its location."""


WEIGHT = "measurement { weight { value unit } }"


def variant(levels: int) -> str:
    """Return the fields of a variant with so many stock levels."""
    return (
        "id sku price compareAtPrice barcode inventoryPolicy selectedOptions { name value } "
        f"inventoryItem {{ id tracked {WEIGHT} "
        f"inventoryLevels(first: {levels}) {{ nodes {{ {LEVEL} }} pageInfo {{ hasNextPage }} }} }}"
    )


def variant_cost(levels: int) -> int:
    """Return the cost of such a variant: itself, its item, that one's measurement and weight, its levels."""
    return 4 + levels * LEVEL_COST


MEDIUM = "... on MediaImage { image { url } }"
MEDIUM_COST = 2
"""The medium and its image."""

IMAGES = 10
FIELDS = "id title descriptionHtml vendor status publishedAt updatedAt options { name position }"
PRODUCT = f"{FIELDS} media(first: {IMAGES}) {{ nodes {{ {MEDIUM} }} pageInfo {{ hasNextPage }} }}"
PRODUCT_COST = 4 + IMAGES * MEDIUM_COST
"""The product, up to three options, its media."""

PAGE_PRODUCTS, PAGE_VARIANTS, PAGE_LEVELS = 8, 10, 3
PAGE = (
    f"query page($after: String) {{ products(first: {PAGE_PRODUCTS}, after: $after, sortKey: ID) {{ nodes {{ {PRODUCT} "
    f"variants(first: {PAGE_VARIANTS}) {{ nodes {{ {variant(PAGE_LEVELS)} }} pageInfo {{ hasNextPage }} }} }} "
    "pageInfo { hasNextPage endCursor } } }"
)
PAGE_COST = PAGE_PRODUCTS * (PRODUCT_COST + PAGE_VARIANTS * variant_cost(PAGE_LEVELS))

ONE_VARIANTS, ONE_LEVELS = 90, 3
ONE = (
    f"query product($id: ID!, $after: String) {{ product(id: $id) {{ {PRODUCT} "
    f"variants(first: {ONE_VARIANTS}, after: $after) {{ nodes {{ {variant(ONE_LEVELS)} }} "
    "pageInfo { hasNextPage endCursor } } } }"
)
ONE_COST = PRODUCT_COST + ONE_VARIANTS * variant_cost(ONE_LEVELS)

COUNT = "query count { productsCount(limit: null) { count } productVariantsCount(limit: null) { count } }"
COUNT_COST = 2

VERSIONS_PAGE = 250
VERSIONS = (
    f"query versions($after: String) {{ productVariants(first: {VERSIONS_PAGE}, after: $after) {{ nodes "
    "{ id inventoryQuantity inventoryItem { tracked } product { id updatedAt } } pageInfo { hasNextPage endCursor } } }"
)
VERSIONS_COST = VERSIONS_PAGE * 3
"""Every variant with its product, and whether its stock is counted, of which webhook bodies say nothing.

No product of this platform is without a variant.
"""

MEDIA_PAGE = 250
MEDIA = (
    "query media($id: ID!, $after: String) { product(id: $id) { updatedAt "
    f"media(first: {MEDIA_PAGE}, after: $after) {{ nodes {{ {MEDIUM} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
)
MEDIA_COST = 1 + MEDIA_PAGE * MEDIUM_COST

LEVELS_PAGE = 200
LEVELS = (
    "query levels($id: ID!, $after: String) { inventoryItem(id: $id) { "
    f"inventoryLevels(first: {LEVELS_PAGE}, after: $after) {{ nodes {{ {LEVEL} }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
)
LEVELS_COST = 1 + LEVELS_PAGE * LEVEL_COST
