// SPDX-License-Identifier: Apache-2.0
//
// The example ioemu as a test: what the guest has said is what the example says at its end.

include!("../examples/ioemu.rs");

#[test]
fn example_ioemu() {
    main();
    let said = PORT_BUFFER.lock().unwrap();
    assert_eq!(str::from_utf8(&said), Ok("\nHello, World!\n"));
}
