"""What can be agreed: the best package, bargains, the frontier, who brings what, counter-offers."""
