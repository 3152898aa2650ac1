"""Installing as suppliers do it: in a browser, with the consent of Orderchamp and of the shop.

An install begins in the back office or at Orderchamp, goes from one to the other, and ends in the same ``flows.install``
that takes credentials by hand. ``start`` begins it, ``travel`` says where the browser goes on, ``hear_shop`` and
``hear_orderchamp`` take in what the two sides say, ``choose`` what the supplier chooses, and ``finish`` ends it in a worker.

Every step may be repeated and abandoned. A state is what a side gives back to us: it is new each time that the browser is
sent off, gets something once, and where a browser brings it back it counts only in the one that was sent.
"""
