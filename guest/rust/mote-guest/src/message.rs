// SPDX-License-Identifier: Apache-2.0

//! Lines for the host's log, and the guest's last words.

use crate::abi;
use core::fmt::{self, Write};

/// How severe a message is.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Error = 1,
    Warning = 2,
    Info = 3,
    Debug = 4,
    Trace = 5,
}

/// A message is cut at this size.
const MESSAGE_BYTES: usize = 1024;

/// The beginning of a text. What does not fit is left out, at the boundary of a character.
struct Text {
    bytes: [u8; MESSAGE_BYTES],
    length: usize,
}

impl Text {
    fn of(arguments: fmt::Arguments<'_>) -> Text {
        let mut text = Text {
            bytes: [0; MESSAGE_BYTES],
            length: 0,
        };

        let _ = text.write_fmt(arguments); // fails where it is cut
        text
    }
}

impl Write for Text {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        let room = MESSAGE_BYTES - 1 - self.length; // a NUL follows
        let mut length = more.len().min(room);

        while !more.is_char_boundary(length) {
            length -= 1;
        }
        self.bytes[self.length..][..length].copy_from_slice(&more.as_bytes()[..length]);
        self.length += length;
        if length < more.len() {
            return Err(fmt::Error);
        }
        Ok(())
    }
}

/// Whether the host wants messages of this level.
pub fn log_enabled(level: Level) -> bool {
    level as u32 <= unsafe { (*abi::mote_guest_mailbox()).log_level }
}

/// Sends one line of at most 1023 bytes to the host's log. [`info!`](crate::info) and the like are
/// shorter.
pub fn log(level: Level, arguments: fmt::Arguments<'_>) {
    if log_enabled(level) {
        let text = Text::of(arguments);

        unsafe { abi::mote_log_text(level as u32, text.bytes.as_ptr(), text.length) }
    }
}

/// Ends the guest permanently; the host's call gets the text, as one line. [`abort!`](crate::abort!)
/// is shorter.
#[cold]
pub fn abort(arguments: fmt::Arguments<'_>) -> ! {
    let mut text = Text::of(arguments);

    for byte in &mut text.bytes {
        if *byte == b'\n' {
            *byte = b' ';
        }
    }
    unsafe { abi::mote_abort(b"%s\0".as_ptr(), text.bytes.as_ptr()) }
}
