"""Small working implementations of the ports, for tests."""
