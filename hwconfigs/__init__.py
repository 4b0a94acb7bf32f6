"""Machine descriptions, one YAML file per machine."""
