"""What is due and what is invoiced: years of conventions, statements, the accountant's export."""
