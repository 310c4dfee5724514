"""Several widgets in a grid, on one selection and one filter."""
