"""What is known of many episodes without opening each: a row a file, kept beside the files."""
