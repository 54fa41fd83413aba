"""Controls and pictures that know no panel."""
