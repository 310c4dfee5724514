"""TensorBoard as a source: its event files, read without TensorFlow or TensorBoard."""
