//! Driver.
#![no_std]
