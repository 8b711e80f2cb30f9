"""Looking into many episodes at once, in processes of their own."""
