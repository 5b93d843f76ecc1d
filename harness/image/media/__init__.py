"""What media are made of: file systems, partition tables, boot loaders. Each by its well-kept tool, without root."""
