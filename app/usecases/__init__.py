"""What the product does, told in terms of the domain and the ports."""
