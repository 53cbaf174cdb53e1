"""Speed and cost of the app in the local world, and the explorer at length."""
