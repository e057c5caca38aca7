// SPDX-License-Identifier: Apache-2.0

//! Own texts for wrong types, where the compiler takes them: since 1.78.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let minor = minor_version().unwrap_or(0);
    if minor >= 78 {
        println!("cargo:rustc-cfg=mote_diagnostics");
    }
    if minor >= 80 {
        println!("cargo:rustc-check-cfg=cfg(mote_diagnostics)");
    }
}

/// N of `rustc 1.N.0`.
fn minor_version() -> Option<u32> {
    let output = Command::new(std::env::var_os("RUSTC")?)
        .arg("--version")
        .output()
        .ok()?;

    String::from_utf8(output.stdout)
        .ok()?
        .split('.')
        .nth(1)?
        .parse()
        .ok()
}
