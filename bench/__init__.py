"""Speed and memory of Tidegate beside the raw engine: ratios of one run, each measured in a process of its own."""
