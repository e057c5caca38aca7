// SPDX-License-Identifier: Apache-2.0

//! What the macros come to. Records are as those of the C macros, in the same sections.

/// Declares functions of the host:
///
/// ```ignore
/// mote_guest::import! {
///     fn next_block(maximum: u32) -> Vec<u8>;
///     pub fn tell(text: &str);
/// }
/// ```
///
/// Types as for [`export`](crate::export), but strings and bytes are returned as `String` and
/// `Vec<u8>`. The host must provide those that the guest uses. With optimization, unused ones of
/// the guest's own crate are left out, and those of other crates with `lto = true`.
#[macro_export]
macro_rules! import {
    ($(
        $(#[$attribute:meta])*
        $visibility:vis fn $name:ident($($parameter:ident: $type:ty),* $(,)?) $(-> $result:ty)?;
    )*) => {$(
        $(#[$attribute])*
        $visibility fn $name($($parameter: $type),*) $(-> $result)? {
            const _: usize = $crate::__count!($name $($parameter)*);
            #[link_section = "mote_imports"]
            static IMPORT: $crate::private::Signature = $crate::private::Signature::new(
                stringify!($name),
                <$crate::__result!($($result)?) as $crate::ImportResult>::KIND,
                &[$(<$type as $crate::Parameter>::KIND),*],
            );
            let mut _index = 0;

            $crate::private::call_host(&IMPORT, &[$({
                _index += 1;
                $crate::Parameter::put($parameter, &IMPORT, _index)
            }),*])
        }
    )*};
}

#[doc(hidden)]
#[macro_export]
macro_rules! __result {
    () => {
        ()
    };
    ($type:ty) => {
        $type
    };
}

/// The number of parameters.
#[doc(hidden)]
#[macro_export]
macro_rules! __count {
    ($name:ident $($parameter:tt)*) => {{
        const PARAMETERS: &[&str] = &[$(stringify!($parameter)),*];
        assert!(
            PARAMETERS.len() <= 16,
            concat!("mote: ", stringify!($name), " has more than 16 parameters")
        );
        PARAMETERS.len()
    }};
}

/// The end of `#[export]`.
#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($name:ident [$(($type:ty))*] ($result:ty)) => {
        // What keeps the linker from taking the part of the C library that calls main.
        $crate::private::global_asm!(".weak mote_guest_kind", ".set mote_guest_kind, 0");

        const _: () = {
            const COUNT: usize = $crate::__count!($name $(($type))*);

            unsafe extern "C" fn call(
                arguments: &[$crate::private::Value; COUNT],
            ) -> $crate::private::Value {
                let mut _arguments = arguments.iter();
                let mut _index = 0;

                $crate::private::guard(move || {
                    $crate::ExportResult::put($name($({
                        _index += 1;
                        <$type as $crate::Parameter>::take(
                            &arguments[_index - 1], &EXPORT.signature, _index)
                    }),*), &EXPORT.signature)
                })
            }

            #[used]
            #[link_section = "mote_exports"]
            static EXPORT: $crate::private::Export<COUNT> = $crate::private::Export {
                signature: $crate::private::Signature::new(
                    stringify!($name),
                    <$result as $crate::ExportResult>::KIND,
                    &[$(<$type as $crate::Parameter>::KIND),*],
                ),
                entry: call,
            };
        };
    };
}

/// The end of `#[restored]`.
#[doc(hidden)]
#[macro_export]
macro_rules! __restored {
    ($name:ident [$(($type:ty))*] ($result:ty)) => {
        const _: () = {
            unsafe extern "C" fn call(generation: u64) {
                $crate::private::guard(move || $name(generation))
            }

            #[used]
            #[link_section = "mote_restored"]
            static HOOK: unsafe extern "C" fn(u64) = call;
        };
    };
}

/// `needs!(heap_bytes: 1 << 20, stack_bytes: 256 << 10);` The minimum that the guest needs; the
/// host does not run it with less. Either may be left out. At most once in a guest, outside of
/// functions.
#[macro_export]
macro_rules! needs {
    (heap_bytes: $heap:expr $(,)?) => { $crate::needs!(heap_bytes: $heap, stack_bytes: 0); };
    (stack_bytes: $stack:expr $(,)?) => { $crate::needs!(heap_bytes: 0, stack_bytes: $stack); };
    (heap_bytes: $heap:expr, stack_bytes: $stack:expr $(,)?) => {
        #[used]
        #[no_mangle]
        #[link_section = ".note.mote.needs"]
        static mote_guest_needs: $crate::private::Needs = $crate::private::Needs::new($heap, $stack);
    };
}

/// Ends the guest permanently; the host's call gets the text, formatted as by `format!`.
#[macro_export]
macro_rules! abort {
    ($($text:tt)+) => { $crate::abort(format_args!($($text)+)) };
}

/// Sends one line to the host's log, formatted as by `format!`: something failed.
#[macro_export]
macro_rules! error {
    ($($text:tt)+) => { $crate::log($crate::Level::Error, format_args!($($text)+)) };
}

/// Sends one line to the host's log, formatted as by `format!`: something may be wrong.
#[macro_export]
macro_rules! warning {
    ($($text:tt)+) => { $crate::log($crate::Level::Warning, format_args!($($text)+)) };
}

/// Sends one line to the host's log, formatted as by `format!`: what happens.
#[macro_export]
macro_rules! info {
    ($($text:tt)+) => { $crate::log($crate::Level::Info, format_args!($($text)+)) };
}

/// Sends one line to the host's log, formatted as by `format!`: details for debugging.
#[macro_export]
macro_rules! debug {
    ($($text:tt)+) => { $crate::log($crate::Level::Debug, format_args!($($text)+)) };
}
