"""A stand-in for ChannelEngine: merchants with a channel of ours, its Channel API, and the triggers that merchants set up.

What was changed and not acknowledged is told again, variants after their product, prices and stock by themselves.
"""
