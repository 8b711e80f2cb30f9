"""`episodes export lerobot`: a LeRobot dataset v3.0, written without LeRobot's package."""
