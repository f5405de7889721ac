"""What no test can show without a real Redshift and a real S3: checks that are run against those of a user."""
