// SPDX-License-Identifier: Apache-2.0

//! Test guest: every type across the border in both directions, and how a Rust guest ends.
//! Functions that the C test guests have too have their names.
#![no_main]

mod features;

use mote_guest::{export, restored};
use std::cell::Cell;

mote_guest::needs!(heap_bytes: 2 << 20, stack_bytes: 128 << 10);

mote_guest::import! {
    fn host_i32(value: i32) -> i32;
    fn host_u32(value: u32) -> u32;
    fn host_i64(value: i64) -> i64;
    fn host_u64(value: u64) -> u64;
    fn host_f32(value: f32) -> f32;
    fn host_f64(value: f64) -> f64;
    fn host_bool(value: bool) -> bool;
    fn host_string(value: &str) -> String;
    fn host_bytes(value: &[u8]) -> Vec<u8>;
    fn host_empty();
    #[allow(clippy::too_many_arguments)]
    fn host_many(
        a: i32, b: u32, c: i64, d: u64, e: f32, f: f64, g: bool, h: &str, i: &[u8], j: i32, k: i32,
        l: i32, m: i32, n: i32, o: i32, p: i32,
    ) -> u64;
    #[allow(dead_code)]
    fn host_unused();
}

// ---- Each type, as it came ---------------------------------------------------------------------

macro_rules! echo {
    ($($name:ident $through:ident $type:ty;)*) => {$(
        #[export]
        fn $name(value: $type) -> $type {
            value
        }
    )*};
}

echo! {
    echo_i32 host_i32 i32;
    echo_u32 host_u32 u32;
    echo_i64 host_i64 i64;
    echo_u64 host_u64 u64;
    echo_f32 host_f32 f32;
    echo_f64 host_f64 f64;
    echo_bool host_bool bool;
}

#[export]
fn echo_string(value: &str) -> &str {
    value
}

#[export]
fn echo_bytes(value: &[u8]) -> &[u8] {
    value
}

#[export]
fn second<'a>(_: &str, value: &'a str) -> &'a str {
    value
}

#[export]
fn own_string(value: &str) -> String {
    value.chars().rev().collect()
}

#[export]
fn own_bytes(mut count: u32) -> Vec<u8> {
    count += 1;
    (1..count).map(|i| i as u8).collect()
}

#[export]
fn fixed_string() -> &'static str {
    "für immer"
}

/// A part of an argument, with no NUL behind it.
#[export]
fn middle(text: &str, begin: u32, end: u32) -> &str {
    &text[begin as usize..end as usize]
}

#[export]
#[allow(clippy::too_many_arguments)]
fn many(
    a: i32,
    b: u32,
    c: i64,
    d: u64,
    e: f32,
    f: f64,
    g: bool,
    h: &str,
    i: &[u8],
    _: i32,
    _: i32,
    _: i32,
    _: i32,
    _: i32,
    _: i32,
    p: i32,
) -> String {
    format!("{a} {b} {c} {d} {e} {f} {g} {h} {i:?} {p}")
}

#[export]
fn nothing() {}

// ---- The same through the host -----------------------------------------------------------------

#[export]
fn through_host(text: &str, bytes: &[u8]) -> bool {
    host_empty();
    host_i32(i32::MIN) == i32::MIN
        && host_u32(u32::MAX) == u32::MAX
        && host_i64(i64::MIN) == i64::MIN
        && host_u64(u64::MAX) == u64::MAX
        && host_f32(-0.0).to_bits() == (-0.0f32).to_bits()
        && host_f64(f64::MIN_POSITIVE) == f64::MIN_POSITIVE
        && host_bool(true)
        && !host_bool(false)
        && host_string(text) == text
        && host_string("").is_empty()
        && host_string(&text[..1]) == text[..1]
        && host_bytes(bytes) == bytes
        && host_bytes(&[]).is_empty()
}

#[export]
fn many_through_host() -> u64 {
    host_many(
        1, 2, 3, 4, 5.0, 6.0, true, "eight", b"nine", 10, 11, 12, 13, 14, 15, 16,
    )
}

/// A closure that another function of the host calls is none: what the host says comes back as it
/// is.
#[export]
fn ask_host(text: &str) -> String {
    host_string(text)
}

// ---- State, time and chance --------------------------------------------------------------------

thread_local! {
    static GENERATION: Cell<u64> = const { Cell::new(0) };
}

#[restored]
fn renew(generation: u64) {
    GENERATION.with(|last| last.set(generation));
}

#[export]
fn generation() -> u64 {
    GENERATION.with(Cell::get)
}

#[export]
fn random() -> u64 {
    mote_guest::random()
}

#[export]
fn capacity() -> u64 {
    mote_guest::call_capacity() as u64
}

#[export]
fn log_all(number: i32) {
    mote_guest::error!("error {number}");
    mote_guest::warning!("warning {}", number);
    mote_guest::info!("info");
    mote_guest::debug!("debug {}", never_formatted());
    println!("printed");
    eprintln!("complained");
}

fn never_formatted() -> &'static str {
    "debug"
}

#[export]
fn log_long() {
    mote_guest::info!("{}", "é".repeat(1000));
}

// ---- Ends --------------------------------------------------------------------------------------

#[export]
fn end_by_abort(number: i32) {
    mote_guest::abort!("ended by {number}");
}

#[export]
fn end_by_panic(number: i32) {
    panic!("panic number {number}");
}

#[export]
fn end_by_index(index: u32) -> i32 {
    [1, 2, 3][index as usize]
}

#[export]
fn end_by_memory() -> Vec<u8> {
    let mut memory = Vec::with_capacity(1 << 40);

    memory.push(1);
    memory
}

#[export]
fn end_by_nul_result() -> String {
    "a\0b".into()
}

#[export]
fn end_by_nul_argument() {
    host_string("a\0b");
}

#[export]
fn end_by_large_result(bytes: u32) -> Vec<u8> {
    vec![7; bytes as usize]
}

#[export]
fn end_by_exit() {
    std::process::exit(3);
}
