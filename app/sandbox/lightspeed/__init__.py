"""A stand-in for Lightspeed eCom (C-Series) shops: REST API with its limits, webhooks, and the App Store's install.

What nobody could find out is behind switches: how often a webhook is tried, what a deletion says.
"""
