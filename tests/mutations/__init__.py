"""Every rule of the effect table and every condition of a pass, made wrong one at a time: each must be noticed."""
