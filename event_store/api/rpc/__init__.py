"""The same commands over gRPC, and the log as a stream: one typed message per command, made from its Struct."""
