// SPDX-License-Identifier: Apache-2.0

//! Test guest: values across the border, to and from Zig.

const mote = @import("mote");

pub const panic = mote.panic;

const host_empty = mote.import("host_empty", fn () void);
const host_i32 = mote.import("host_i32", fn (i32) i32);
const host_f64 = mote.import("host_f64", fn (f64) f64);
const host_string = mote.import("host_string", fn ([*:0]const u8) [*:0]const u8);
const host_bytes = mote.import("host_bytes", fn ([]const u8) []const u8);
const host_unused = mote.import("host_unused", fn () void);

comptime {
    mote.offer(.{
        .echo_i32 = Echo(i32).call,
        .echo_u32 = Echo(u32).call,
        .echo_i64 = Echo(i64).call,
        .echo_u64 = Echo(u64).call,
        .echo_f32 = Echo(f32).call,
        .echo_f64 = Echo(f64).call,
        .echo_bool = Echo(bool).call,
        .echo_string = Echo([:0]const u8).call,
        .echo_bytes = Echo([]const u8).call,
        .nothing = nothing,
        .through_host = throughHost,
        .end_by_index = endByIndex,
    });
}

fn Echo(comptime T: type) type {
    return struct {
        fn call(value: T) T {
            return value;
        }
    };
}

fn nothing() void {}

fn throughHost(text: [*:0]const u8, bytes: []const u8) bool {
    host_empty(.{});
    return host_i32(.{-5}) == -5 and host_f64(.{0.1}) == 0.1 and
        host_string(.{text})[0] == text[0] and host_bytes(.{bytes}).len == bytes.len and
        host_bytes(.{""}).len == 0;
}

fn endByIndex(index: u32) u32 {
    const numbers = [_]u32{ 1, 2, 3 };

    return numbers[index];
}
