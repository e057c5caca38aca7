// SPDX-License-Identifier: Apache-2.0

//! What can cross the border between guest and host, and how. In the traits, `record` is the
//! function's, for messages.

use crate::abi::{self, Signature, Value};
use crate::message::abort;
use core::{slice, str};

#[cfg(feature = "alloc")]
use alloc::{string::String, vec::Vec};

/// What a parameter may be: `i32 u32 i64 u64 f32 f64 bool &str &[u8]`.
#[cfg_attr(
    mote_diagnostics,
    diagnostic::on_unimplemented(
        message = "mote: a parameter of the type `{Self}` cannot cross the border; use i32, u32, i64, \
                   u64, f32, f64, bool, &str or &[u8]",
        label = "cannot cross the border"
    )
)]
pub trait Parameter<'a>: Sized {
    #[doc(hidden)]
    const KIND: u8;
    #[doc(hidden)]
    fn take(value: &'a Value, record: &Signature, index: usize) -> Self;
    #[doc(hidden)]
    fn put(self, record: &Signature, index: usize) -> Value;
}

/// What an exported function may return: `()`, what a parameter may be, `String`, `Vec<u8>`.
#[cfg_attr(
    mote_diagnostics,
    diagnostic::on_unimplemented(
        message = "mote: a result of the type `{Self}` cannot cross the border; use (), i32, u32, i64, \
                   u64, f32, f64, bool, &str, &[u8], String or Vec<u8>",
        label = "cannot cross the border"
    )
)]
pub trait ExportResult {
    #[doc(hidden)]
    const KIND: u8;
    #[doc(hidden)]
    fn put(self, record: &Signature) -> Value;
}

/// What a host function may return: `()`, a number, `bool`, `String`, `Vec<u8>`.
#[cfg_attr(
    mote_diagnostics,
    diagnostic::on_unimplemented(
        message = "mote: a result of the type `{Self}` cannot cross the border; use (), i32, u32, i64, \
                   u64, f32, f64, bool, String or Vec<u8>",
        label = "cannot cross the border"
    )
)]
pub trait ImportResult {
    #[doc(hidden)]
    const KIND: u8;
    #[doc(hidden)]
    fn take(value: Value, record: &Signature) -> Self;
}

const VOID: u8 = 0;
const STRING: u8 = 8;
const BYTES: u8 = 9;

fn value(kind: u8, length: u32, bits: u64) -> Value {
    Value {
        kind: kind.into(),
        length,
        bits,
    }
}

// ---- Scalars -----------------------------------------------------------------------------------

macro_rules! scalar {
    ($type:ty, $kind:literal, $from_bits:expr, $to_bits:expr) => {
        impl<'a> Parameter<'a> for $type {
            const KIND: u8 = $kind;

            fn take(value: &'a Value, _: &Signature, _: usize) -> Self {
                $from_bits(value.bits)
            }

            fn put(self, _: &Signature, _: usize) -> Value {
                value($kind, 0, $to_bits(self))
            }
        }

        impl ExportResult for $type {
            const KIND: u8 = $kind;

            fn put(self, _: &Signature) -> Value {
                value($kind, 0, $to_bits(self))
            }
        }

        impl ImportResult for $type {
            const KIND: u8 = $kind;

            fn take(value: Value, _: &Signature) -> Self {
                $from_bits(value.bits)
            }
        }
    };
}

scalar!(i32, 1, |bits| bits as i32, |number| u64::from(
    number as u32
));
scalar!(u32, 2, |bits| bits as u32, u64::from);
scalar!(i64, 3, |bits| bits as i64, |number| number as u64);
scalar!(u64, 4, |bits| bits, |number| number);
scalar!(f32, 5, |bits| f32::from_bits(bits as u32), |number: f32| {
    u64::from(number.to_bits())
});
scalar!(f64, 6, f64::from_bits, f64::to_bits);
scalar!(bool, 7, |bits| bits != 0, u64::from);

impl ExportResult for () {
    const KIND: u8 = VOID;

    fn put(self, _: &Signature) -> Value {
        value(VOID, 0, 0)
    }
}

impl ImportResult for () {
    const KIND: u8 = VOID;

    fn take(_: Value, _: &Signature) -> Self {}
}

// ---- Strings and bytes -------------------------------------------------------------------------

/// # Safety
///
/// `value` is one that the runtime has filled in, and its data stays as it is for `'a`.
unsafe fn data<'a>(value: &Value) -> &'a [u8] {
    if value.length == 0 {
        return &[]; // the address may be 0
    }
    slice::from_raw_parts(value.bits as *const u8, value.length as usize)
}

fn put_data(kind: u8, data: &[u8]) -> Value {
    // A length too large for the field is too large for any data area; u32::MAX is too.
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);

    value(kind, length, data.as_ptr() as u64)
}

fn has_nul(text: &str) -> bool {
    text.bytes().any(|byte| byte == 0)
}

fn refuse_nul(text: &str, record: &Signature) {
    if has_nul(text) {
        abort(format_args!(
            "export {}: its result contains a NUL",
            record.name()
        ));
    }
}

impl<'a> Parameter<'a> for &'a str {
    const KIND: u8 = STRING;

    fn take(value: &'a Value, record: &Signature, index: usize) -> Self {
        str::from_utf8(unsafe { data(value) }).unwrap_or_else(|error| {
            abort(format_args!(
                "export {}: argument {} is not UTF-8: {}",
                record.name(),
                index,
                error
            ))
        })
    }

    fn put(self, record: &Signature, index: usize) -> Value {
        if has_nul(self) {
            abort(format_args!(
                "import {}: argument {} contains a NUL",
                record.name(),
                index
            ));
        }
        put_data(STRING, self.as_bytes())
    }
}

impl<'a> Parameter<'a> for &'a [u8] {
    const KIND: u8 = BYTES;

    fn take(value: &'a Value, _: &Signature, _: usize) -> Self {
        unsafe { data(value) }
    }

    fn put(self, _: &Signature, _: usize) -> Value {
        put_data(BYTES, self)
    }
}

// What is borrowed is an argument, or there for good; the runtime copies it after the call.

impl ExportResult for &str {
    const KIND: u8 = STRING;

    fn put(self, record: &Signature) -> Value {
        refuse_nul(self, record);
        put_data(STRING, self.as_bytes())
    }
}

impl ExportResult for &[u8] {
    const KIND: u8 = BYTES;

    fn put(self, _: &Signature) -> Value {
        put_data(BYTES, self)
    }
}

/// Puts data that goes away into the area of the call's data, where the arguments are of no use any
/// longer. The runtime says what is wrong with data that does not fit.
#[cfg(feature = "alloc")]
fn put_owned(kind: u8, data: Vec<u8>) -> Value {
    let mut result = put_data(kind, &data);
    let with_nul = data.len() + usize::from(kind == STRING);

    if with_nul <= crate::call_capacity() {
        unsafe {
            result.bits = (*abi::mote_guest_mailbox()).call_data;
            core::ptr::copy_nonoverlapping(data.as_ptr(), result.bits as *mut u8, data.len());
        }
    } else {
        core::mem::forget(data);
    }
    result
}

#[cfg(feature = "alloc")]
impl ExportResult for String {
    const KIND: u8 = STRING;

    fn put(self, record: &Signature) -> Value {
        refuse_nul(&self, record);
        put_owned(STRING, self.into_bytes())
    }
}

#[cfg(feature = "alloc")]
impl ExportResult for Vec<u8> {
    const KIND: u8 = BYTES;

    fn put(self, _: &Signature) -> Value {
        put_owned(BYTES, self)
    }
}

#[cfg(feature = "alloc")]
impl ImportResult for String {
    const KIND: u8 = STRING;

    fn take(value: Value, record: &Signature) -> Self {
        String::from_utf8(unsafe { data(&value) }.to_vec()).unwrap_or_else(|error| {
            abort(format_args!(
                "import {}: its result is not UTF-8: {}",
                record.name(),
                error.utf8_error()
            ))
        })
    }
}

#[cfg(feature = "alloc")]
impl ImportResult for Vec<u8> {
    const KIND: u8 = BYTES;

    fn take(value: Value, _: &Signature) -> Self {
        unsafe { data(&value) }.to_vec()
    }
}

/// Calls a host function.
pub fn call_host<R: ImportResult>(import: &'static Signature, arguments: &[Value]) -> R {
    R::take(
        unsafe { abi::mote_guest_host_call(import, arguments.as_ptr()) },
        import,
    )
}
