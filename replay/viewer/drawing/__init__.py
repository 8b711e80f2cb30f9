"""Lines, pictures and their looks as rows of text: values in, values out."""
