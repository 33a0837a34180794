"""Images on disk and from the network: published files, folders of pictures, downloads, fonts; all within limits."""
