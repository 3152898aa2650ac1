"""What stand-in shops of all platforms have in common: delivering and misbehaving, controls, oversight, state that is kept.

What only one platform does is in the folder of that platform: its API, its bodies, its signatures, its rules.
"""
