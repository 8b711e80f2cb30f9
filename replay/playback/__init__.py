"""`replay --on`: recorded commands lead the arms of a rig."""
