"""The HTTP side: routes, bodies and problems. It decides nothing: each route hands over to a flow and shows the result."""
