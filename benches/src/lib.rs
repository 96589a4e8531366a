//! How fast `wifi-at` is, beside what the protocol allows and beside others.
//!
//! Two programs stand on this: `cargo bench --manifest-path benches/Cargo.toml --bench goodput` and `--bench ingress`.
//! What is compared and what draws has its dependencies here, and not in the driver's package.

mod draw;
mod esp_at_nal;
pub mod goodput;
pub mod ingress;
