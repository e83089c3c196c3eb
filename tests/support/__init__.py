"""What several tests share: articles and libraries."""
