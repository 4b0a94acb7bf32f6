"""What is computed: einsums, recorded tensors, layers, traces, and the matrix view every lowering uses."""
