// SPDX-License-Identifier: Apache-2.0

//! Records and functions of the runtime, as in `mote/abi.h` and `mote_guest_runtime.h`.
#![allow(missing_docs)]

use core::ffi::c_void;
use core::mem::size_of;

const NAME_BYTES: usize = 64;
const MAXIMUM_ARGUMENTS: usize = 16;

/// `struct mote_abi_value`; in the guest, `bits` of a string or of bytes is an address.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Value {
    pub kind: u32,
    pub length: u32,
    pub bits: u64,
}

/// `struct mote_abi_import`, and what an export begins with.
#[repr(C, align(8))]
pub struct Signature {
    name: [u8; NAME_BYTES],
    result: u8,
    argument_count: u8,
    arguments: [u8; MAXIMUM_ARGUMENTS],
    reserved: [u8; 6],
}

/// `struct mote_abi_export` of a function with `N` parameters.
#[repr(C)]
pub struct Export<const N: usize> {
    pub signature: Signature,
    pub entry: unsafe extern "C" fn(&[Value; N]) -> Value,
}

/// An ELF note with `struct mote_abi_needs_note`; like in every note, its words are of 32 bits.
#[repr(C)]
pub struct Needs {
    name_bytes: u32,
    needs_bytes: u32,
    kind: u32,
    name: [u8; 8],
    reserved: [u32; 2],
    heap_bytes: [u32; 2],
    stack_bytes: [u32; 2],
}

/// The beginning of `struct mote_abi_mailbox`.
#[repr(C)]
pub struct Mailbox {
    abi_version: u32,
    pub log_level: u32,
    heap_and_stack: [u64; 4],
    thread_pointer: u64,
    random: [u64; 2],
    pub call_data: u64,
}

const _: () = {
    assert!(size_of::<Signature>() == 88);
    assert!(size_of::<Export<0>>() == 96);
    assert!(size_of::<Needs>() == 44);
    assert!(size_of::<Mailbox>() == 72);
};

#[allow(dead_code)] // the heap, where std has its own way to it
extern "C" {
    pub fn mote_guest_host_call(import: *const Signature, arguments: *const Value) -> Value;
    pub fn mote_guest_mailbox() -> *const Mailbox;
    pub fn mote_call_capacity() -> usize;
    pub fn mote_random() -> u64;
    pub fn mote_log_text(level: u32, text: *const u8, length: usize);
    pub fn mote_abort(format: *const u8, ...) -> !;
    pub fn mote_heap_allocate(bytes: usize) -> *mut c_void;
    pub fn mote_heap_allocate_aligned(alignment: usize, bytes: usize) -> *mut c_void;
    pub fn mote_heap_resize(memory: *mut c_void, bytes: usize) -> *mut c_void;
    pub fn mote_heap_free(memory: *mut c_void);
}

impl Signature {
    /// At most 16 arguments, which the macros have checked.
    pub const fn new(name: &str, result: u8, arguments: &[u8]) -> Signature {
        let name = name.as_bytes();
        let mut record = Signature {
            name: [0; NAME_BYTES],
            result,
            argument_count: arguments.len() as u8,
            arguments: [0; MAXIMUM_ARGUMENTS],
            reserved: [0; 6],
        };
        let mut i = 0;

        assert!(
            name.len() < NAME_BYTES,
            "mote: the function's name is too long; it may have 63 bytes"
        );
        while i < name.len() {
            assert!(
                name[i].is_ascii(),
                "mote: the function's name has characters beyond ASCII"
            );
            record.name[i] = name[i];
            i += 1;
        }
        i = 0;
        while i < arguments.len() {
            record.arguments[i] = arguments[i];
            i += 1;
        }
        record
    }

    pub fn name(&self) -> &str {
        let length = self.name.iter().position(|&byte| byte == 0).unwrap_or(0);

        core::str::from_utf8(&self.name[..length]).unwrap_or("?")
    }
}

impl Needs {
    pub const fn new(heap_bytes: u64, stack_bytes: u64) -> Needs {
        const fn halves(number: u64) -> [u32; 2] {
            [number as u32, (number >> 32) as u32]
        }
        Needs {
            name_bytes: 5,
            needs_bytes: 24,
            kind: 2, // MOTE_ABI_NOTE_NEEDS
            name: *b"mote\0\0\0\0",
            reserved: [0; 2],
            heap_bytes: halves(heap_bytes),
            stack_bytes: halves(stack_bytes),
        }
    }
}
