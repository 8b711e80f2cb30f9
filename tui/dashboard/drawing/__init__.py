"""How rows of characters are drawn: letters, bars, pictures, colours. No panel is known here."""
