//! Examples, tried.
