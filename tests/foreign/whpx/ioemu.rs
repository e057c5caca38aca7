// SPDX-License-Identifier: Apache-2.0
//
// The example ioemu as a test of the crate, which is without the standard library: what the guest has
// said is what the example says at its end.

use std::prelude::rust_2024::*;
include!("../examples/ioemu.rs");

#[test]
fn example() {
    main();
    let said = PORT_BUFFER.lock().unwrap();
    assert_eq!(str::from_utf8(&said), Ok("\nHello, World!\n"));
}
