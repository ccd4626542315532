//! The HTTP face of the books: API, authentication, metrics.
