"""A stand-in Orderchamp: its GraphQL API on a copy of the publicly known schema, with everything open as a switch."""
