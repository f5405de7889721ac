"""Tidegate moves table data between a warehouse and object storage, both ways, and proves that nothing was lost."""

__version__ = "0.1.0"
