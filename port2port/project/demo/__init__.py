"""The demo world: invented people and ships, played through the real ingest path. Never in production."""
