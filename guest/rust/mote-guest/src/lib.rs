// SPDX-License-Identifier: Apache-2.0

//! The guest SDK of mote for Rust: how a crate becomes a guest.
//!
//! ```ignore
//! #![no_main]
//!
//! mote_guest::import! {
//!     fn next_block(maximum: u32) -> Vec<u8>;
//! }
//!
//! #[mote_guest::export]
//! fn count(data: &[u8], flags: u32) -> i64 {
//!     ...
//! }
//! ```
//!
//! A guest runs its constructors and then serves calls of its exported functions, one at a time. A
//! crate with `fn main` needs nothing of this: it is a program, which `mote run` runs. Linked by
//! `mote-cc`; see README.md.

#![no_std]
#![warn(missing_docs)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod abi;
mod border;
mod macros;
mod message;
#[cfg(feature = "std")]
mod with_std;
#[cfg(not(feature = "std"))]
mod without_std;

pub use border::{ExportResult, ImportResult, Parameter};
pub use message::{abort, log, log_enabled, Level};

/// Offers a function to the host, under its name.
///
/// Up to 16 parameters of the types `i32 u32 i64 u64 f32 f64 bool &str &[u8]`; the result may also
/// be `()`, `String` or `Vec<u8>`. Anything else does not compile. A `&str` that is not UTF-8 ends
/// the guest; so does a panic, with its text, and a string with a NUL as a result.
pub use mote_guest_macros::export;

/// Has a function `fn name(generation: u64)` run before the first call after the host has put the
/// guest back to an earlier state, or has made another one from it: that is when something that
/// must be unique (a key, an identifier, the seed of a generator) is made anew. `generation`
/// differs each time. Any number in a guest; their order is unspecified. [`random`] needs none.
pub use mote_guest_macros::restored;

/// 64 unpredictable bits; the sequence differs in each sandbox, and after each return to a
/// snapshot. Not for long-lived keys.
pub fn random() -> u64 {
    unsafe { abi::mote_random() }
}

/// How many bytes the strings and bytes of one call may take in all, and as many its result.
pub fn call_capacity() -> usize {
    unsafe { abi::mote_call_capacity() }
}

/// For the macros alone.
#[doc(hidden)]
pub mod private {
    pub use crate::abi::{Export, Needs, Signature, Value};
    pub use crate::border::call_host;
    #[cfg(feature = "std")]
    pub use crate::with_std::guard;
    #[cfg(not(feature = "std"))]
    pub use crate::without_std::guard;
    pub use core::arch::global_asm;
}
