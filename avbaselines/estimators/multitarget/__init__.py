"""Several targets learnt together: chains and jointly grown trees."""
