"""Stand-in Shopware shops: the Admin API, webhooks and apps as https://developer.shopware.com/docs has them."""
