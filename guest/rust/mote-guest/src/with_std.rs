// SPDX-License-Identifier: Apache-2.0

//! Panics of guests with the standard library: they end the guest with their text, unless it
//! catches them.

use crate::message::abort;
use std::boxed::Box;
use std::panic::{catch_unwind, set_hook, take_hook, AssertUnwindSafe};
use std::string::{String, ToString};
use std::sync::{Mutex, Once};

/// The text of the panic in progress.
static LAST_PANIC: Mutex<String> = Mutex::new(String::new());

fn keep_text_of_panics() {
    let before = take_hook();

    set_hook(Box::new(move |panic| {
        if cfg!(panic = "abort") {
            abort(format_args!("{panic}"));
        }
        if let Ok(mut text) = LAST_PANIC.lock() {
            *text = panic.to_string();
        }
        before(panic);
    }));
}

/// Calls a function of the guest. No panic leaves it, because C is around it.
pub fn guard<R>(call: impl FnOnce() -> R) -> R {
    static ONCE: Once = Once::new();

    ONCE.call_once(keep_text_of_panics);
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| {
        let text = LAST_PANIC.lock();

        abort(format_args!(
            "{}",
            text.as_deref().map_or("panic", |text| text)
        ))
    })
}
