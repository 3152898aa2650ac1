"""What each webshop platform says and how it is asked, one folder a platform.

Pure: adapters turn bytes into facts and describe requests as data; ``transport`` sends them. Nothing outside a platform's
folder knows its words. ``adapter.py`` is the interface and the guide to adding a platform; ``registry.py`` lists them.
"""
