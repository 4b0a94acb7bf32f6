"""Energy-delay product of HighLight beside the machines it is compared with: ``python -m validation.studies.highlight_edp``."""
