"""Series of terms on stationary machines: A B = sum of A_i B, inputs and partial sums staying in place between the terms."""
