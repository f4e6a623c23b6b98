"""FERScope for programs: a picture in, what networks see in its faces out, over HTTP. docs/api.md says how."""
