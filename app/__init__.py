"""The integration service between webshops and suppliers' catalogues on Orderchamp.

The packages, from the pure core outwards: ``domain`` (what is true and what follows from it), ``platforms`` (what each
webshop platform says and how it is asked), ``orderchamp``, ``store`` and ``transport`` (the edges), ``flows`` (the
things the service does), ``api`` (how others reach it). ``main``, ``worker`` and ``cli`` wire them together.
"""
