"""The queue: plan work into it, work it off, by a schedule."""
