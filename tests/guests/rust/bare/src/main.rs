// SPDX-License-Identifier: Apache-2.0

//! Test guest: Rust without its standard library.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU64, Ordering};
use mote_guest::{export, restored};

mote_guest::import! {
    fn host_u64(value: u64) -> u64;
    fn host_empty();
}

#[export]
fn sum(data: &[u8]) -> u64 {
    host_empty();
    host_u64(data.iter().map(|&byte| u64::from(byte)).sum())
}

#[export]
fn first_word(text: &str) -> &str {
    text.split(' ').next().unwrap_or("")
}

static GENERATION: AtomicU64 = AtomicU64::new(0);

#[restored]
fn renew(generation: u64) {
    GENERATION.store(generation, Ordering::Relaxed);
}

#[export]
fn generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

#[export]
fn divide(a: i32, b: i32) -> i32 {
    mote_guest::info!("{a} by {b}");
    a / b
}
