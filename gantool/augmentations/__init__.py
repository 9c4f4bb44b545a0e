"""What a discriminator sees in place of images: a class a file each."""
