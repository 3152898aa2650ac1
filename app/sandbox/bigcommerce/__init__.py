"""A stand-in for BigCommerce stores: REST API with its quota, webhooks, and an app's install and removal.

What nobody could find out is behind switches: whether webhooks are signed, and how late the catalogue tells stock.
"""
