"""The page "Live": networks in the visitor's own browser. It is built as a folder of files, which any server serves."""
