"""`episodes export`: the formats of others."""
