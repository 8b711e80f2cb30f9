"""Learning from what was collected: ACT (Action Chunking with Transformers)."""
