"""What is declared: every TOML file but those of the sources, and the models that check them."""
