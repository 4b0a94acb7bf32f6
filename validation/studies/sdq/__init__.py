"""Sparse decomposed quantization on trained networks: quality against throughput, and cycles beside the formula."""
