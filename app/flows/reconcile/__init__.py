"""Reconcile: bring what Orderchamp shows to the desired state, whatever happened before.

``loop`` takes a batch of due products through the same steps until nothing is left to do: ``looking`` and ``matching``
learn what is there, ``guarding`` stops what cannot be meant, ``applying`` plans the next stage, writes down that calls are
on their way and makes them, ``recording`` writes down what came of them, ``finishing`` how far each product came. After a
crash the next holder of the lane waits out the calls that were on their way, looks at Orderchamp, and goes through the
same loop.
"""

from app.flows.reconcile.loop import reconcile

__all__ = ["reconcile"]
