"""From a source to a folder of TFRecord shards and a manifest of them."""
