"""What is in a file: its columns in their order, their types on Redshift, and what must happen before COPY."""
