//! python

pub mod runtime;
