"""One module per page; a folder named ``pages`` would be taken for Streamlit's automatic pages."""
