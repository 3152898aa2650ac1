"""Stand-in Shopify shops: the Admin GraphQL API on a small schema of the real names, and signed webhooks."""
