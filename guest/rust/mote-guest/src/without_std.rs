// SPDX-License-Identifier: Apache-2.0

//! What the standard library has, for guests without it: the panic handler, and the allocator.

use crate::message::abort;
use core::panic::PanicInfo;

/// Calls a function of the guest.
#[inline(always)]
pub fn guard<R>(call: impl FnOnce() -> R) -> R {
    call()
}

#[panic_handler]
fn panic(panic: &PanicInfo) -> ! {
    abort(format_args!("{panic}"))
}

// The compiled core library names both, though nothing unwinds.

#[no_mangle]
extern "C" fn rust_eh_personality() {
    abort(format_args!("unwinding without the standard library"))
}

#[no_mangle]
extern "C" fn _Unwind_Resume() {
    rust_eh_personality()
}

/// The heap of the runtime, which is that of malloc too.
#[cfg(feature = "alloc")]
mod heap {
    use crate::abi::*;
    use core::alloc::{GlobalAlloc, Layout};

    struct Heap;

    #[global_allocator]
    static HEAP: Heap = Heap;

    /// What mote_heap_allocate aligns to.
    const ALIGNMENT: usize = 16;

    unsafe impl GlobalAlloc for Heap {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            if layout.align() <= ALIGNMENT {
                mote_heap_allocate(layout.size()).cast()
            } else {
                mote_heap_allocate_aligned(layout.align(), layout.size()).cast()
            }
        }

        unsafe fn dealloc(&self, memory: *mut u8, _: Layout) {
            mote_heap_free(memory.cast());
        }

        unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            if layout.align() <= ALIGNMENT {
                return mote_heap_resize(memory.cast(), size).cast();
            }
            let moved = mote_heap_allocate_aligned(layout.align(), size).cast::<u8>();
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(memory, layout.size().min(size));
                mote_heap_free(memory.cast());
            }
            moved
        }
    }
}
