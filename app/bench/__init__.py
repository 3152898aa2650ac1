"""What the service can do on this machine, measured: ``make bench``. Every figure is printed beside its goal.

One module measures one thing; nothing of the service imports this package.
"""
