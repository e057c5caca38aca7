// SPDX-License-Identifier: Apache-2.0

//! What the standard library does in a guest, each function a self test.

use mote_guest::export;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::net::TcpStream;
use std::panic::catch_unwind;
use std::process::Command;
use std::sync::mpsc::{channel, TryRecvError};
use std::sync::{Condvar, Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[export]
fn std_has_maps(text: &str) -> String {
    let mut counts = HashMap::new();

    for word in text.split_whitespace() {
        *counts.entry(word).or_insert(0) += 1;
    }
    let mut counts: Vec<(&str, i32)> = counts.into_iter().collect();
    counts.sort();
    format!("{counts:?}")
}

#[export]
fn std_has_files() -> bool {
    let mut file = File::create("/tmp/file").unwrap();
    let mut text = String::new();

    write!(file, "file {}", 42).unwrap();
    drop(file);
    file = File::open("/tmp/file").unwrap();
    file.seek(SeekFrom::Start(2)).unwrap();
    file.read_to_string(&mut text).unwrap();
    fs::create_dir_all("/tmp/a/b").unwrap();
    fs::rename("/tmp/file", "/tmp/a/b/c").unwrap();
    text == "le 42"
        && fs::metadata("/tmp/a/b/c").unwrap().len() == 7
        && fs::read_dir("/tmp/a").unwrap().count() == 1
        && File::open("/none").unwrap_err().kind() == ErrorKind::NotFound
}

#[export]
fn std_has_time() -> bool {
    let begin = Instant::now();

    begin.elapsed().as_secs() < 60 && SystemTime::now() > UNIX_EPOCH
}

#[export]
fn std_has_locks() -> bool {
    let (sender, receiver) = channel();
    let numbers = RwLock::new(vec![1]);

    numbers
        .write()
        .unwrap()
        .push(*Mutex::new(2).lock().unwrap());
    sender.send(numbers.read().unwrap().len()).unwrap();
    receiver.recv() == Ok(2) && receiver.try_recv() == Err(TryRecvError::Empty)
}

/// Without another thread, a wait ends with its time.
#[export]
fn std_waits() -> bool {
    let begin = Instant::now();
    let lock = Mutex::new(());
    let (guard, result) = Condvar::new()
        .wait_timeout(lock.lock().unwrap(), Duration::from_millis(5))
        .unwrap();

    drop(guard);
    result.timed_out() && begin.elapsed() >= Duration::from_millis(5)
}

#[export]
fn std_sleeps() -> bool {
    let begin = Instant::now();

    thread::sleep(Duration::from_secs(3600));
    (3600..3601).contains(&begin.elapsed().as_secs())
}

#[export]
fn end_by_deadlock() {
    let lock = Mutex::new(());
    let _first = lock.lock();
    let _second = lock.lock();
}

#[export]
fn std_has_no_network() -> bool {
    TcpStream::connect("127.0.0.1:80").unwrap_err().kind() == ErrorKind::Unsupported
        && Command::new("ls").spawn().unwrap_err().kind() == ErrorKind::Unsupported
}

#[export]
fn std_has_no_threads() -> bool {
    thread::Builder::new().spawn(|| ()).is_err()
}

#[export]
fn std_has_no_arguments() -> bool {
    std::env::args().count() == 0 && std::env::vars().count() == 0
}

/// What a caught panic passes through is dropped.
#[export]
fn std_catches_panics() -> bool {
    struct Flag<'a>(&'a Mutex<bool>);
    impl Drop for Flag<'_> {
        fn drop(&mut self) {
            *self.0.lock().unwrap() = true;
        }
    }
    let dropped = Mutex::new(false);
    let caught = catch_unwind(|| {
        let _flag = Flag(&dropped);
        let numbers: Vec<i32> = Vec::new();
        numbers[3]
    });

    caught.is_err() && *dropped.lock().unwrap()
}

#[export]
fn std_computes(text: &str) -> String {
    let number: f64 = text.parse().unwrap();

    format!("{:.3} {:e} {}", number.sqrt(), number, number.powf(0.3))
}
