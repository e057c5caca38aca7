// SPDX-License-Identifier: Apache-2.0

//! A guest in Zig: `mote run zig_words longest "a text of words"`.

const std = @import("std");
const mote = @import("mote");

pub const panic = mote.panic;

comptime {
    mote.offer(.{ .longest = longest, .count = count, .letter = letter, .mean = mean });
}

/// The first of the longest words.
fn longest(text: [:0]const u8) [:0]const u8 {
    var words = std.mem.tokenizeScalar(u8, text, ' ');
    var best: []const u8 = "";

    while (words.next()) |word| {
        if (word.len > best.len) best = word;
    }
    mote.c.mote_log(mote.c.MOTE_LOG_INFO, "%zu bytes", best.len);
    return keep(best);
}

fn count(text: [:0]const u8) u32 {
    var words = std.mem.tokenizeScalar(u8, text, ' ');
    var number: u32 = 0;

    while (words.next()) |_| number += 1;
    return number;
}

/// Of an index that is too large, Zig's own check says so.
fn letter(text: [:0]const u8, index: u32) u32 {
    return text[index];
}

fn mean(a: f64, b: f64) f64 {
    return (a + b) / 2;
}

/// A result must outlive its function.
fn keep(text: []const u8) [:0]const u8 {
    const Static = struct {
        var memory: [256]u8 = undefined;
    };
    const length = @min(text.len, Static.memory.len - 1);

    @memcpy(Static.memory[0..length], text[0..length]);
    Static.memory[length] = 0;
    return Static.memory[0..length :0];
}
