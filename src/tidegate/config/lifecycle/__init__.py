"""Policies in the form of AWS's sample "Redshift data lifecycle management" (amazon-redshift-data-lifecycle-manager):
one row of 20 fields a table, in a CSV file or a DynamoDB table.
"""
