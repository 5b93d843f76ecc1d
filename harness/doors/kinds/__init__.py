"""One door a file: its name is the word for it on the axis `media`, with `-` where the file has `_`."""
