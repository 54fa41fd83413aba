"""Formulas as a book sets them: parsed, laid out, drawn."""
