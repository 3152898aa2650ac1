"""Stand-in WooCommerce shops: the REST API v3 of the plugin, its webhooks, and its page where keys are handed out.

Written from the plugin's own documentation and source (https://github.com/woocommerce/woocommerce) and from what was seen
of its shops. A shop is a WordPress site: products and variations are posts, and whatever changes one fires hooks, which are
what webhooks listen to.
"""
