// SPDX-License-Identifier: Apache-2.0

//! Test guest: a program, which knows nothing of mote.

use std::io::{self, BufRead};
use std::process::exit;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut lines = 0;

    println!("{} {:?}", arguments.join(" "), std::env::var("COLOR"));
    for line in io::stdin().lock().lines() {
        println!("{}", line.unwrap().to_uppercase());
        lines += 1;
    }
    match arguments.first().map(String::as_str) {
        Some("panic") => panic!("after {lines} lines"),
        Some("file") => std::fs::copy("in", "out").map(drop).unwrap(),
        _ => {}
    }
    eprintln!("{lines} lines");
    exit(lines);
}
