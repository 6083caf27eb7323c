//! workenv
