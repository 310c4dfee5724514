"""The registry on the page: versions by stage, what they are judged by, and what one may decide."""
