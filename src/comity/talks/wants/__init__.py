"""What a party wants: nations, governments, and the weight of own producers at which a concession is refused."""
