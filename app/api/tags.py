"""Chapters of the API's document, in the order in which a stranger reads them."""

TAGS = [
    {
        "name": "Applications",
        "description": "Install, watch, change, pause and uninstall: one Application is one shop.",
    },
    {"name": "Installs", "description": "Installs in the supplier's browser: begin one, and see how it goes."},
    {"name": "Imports", "description": "Reading a shop's whole catalogue, and bringing it to Orderchamp."},
    {"name": "Previews", "description": "What an import would do, without doing any of it."},
    {"name": "Sweeps", "description": "Comparing shop and Orderchamp with what is known, and the drift report."},
    {"name": "Products", "description": "What Orderchamp should show, what it shows, and the story of why."},
    {"name": "Problems", "description": "What waits for a person, each with the ways out of it."},
    {"name": "Deliveries", "description": "The inbox: what shops sent, and what became of it."},
    {"name": "Replays", "description": "Working through stored deliveries again."},
    {
        "name": "Webhooks",
        "description": "For platforms, not for you: where they send what happens, proven in their own ways.",
    },
    {
        "name": "Installing",
        "description": "For browsers and platforms, not for you: the pages and answers of an install.",
    },
    {"name": "Operations", "description": "For load balancers and Prometheus; no key is asked for."},
]
