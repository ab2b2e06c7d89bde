"""A product whose API is called with API keys: workflows, each in one workspace."""
