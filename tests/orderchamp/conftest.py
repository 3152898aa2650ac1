"""What tests of the Orderchamp client share."""

from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema


@pytest.fixture(scope="session")
def schema() -> GraphQLSchema:
    """Our copy of Orderchamp's schema."""
    return build_schema(Path(__file__).with_name("schema.graphql").read_text())
