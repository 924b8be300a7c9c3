[camera b]
device = pattern
