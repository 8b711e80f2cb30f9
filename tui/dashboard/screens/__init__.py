"""What lies over the board for a moment. The board goes on below, and the arms can be stopped."""
