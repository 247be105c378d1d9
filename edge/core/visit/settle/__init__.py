"""What is paid: estimates, payment, prescriptions, orders and stays."""
