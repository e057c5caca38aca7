// SPDX-License-Identifier: Apache-2.0

//! Functions of a guest in Zig, and of its host: the records that the macros of <mote_guest.h> make
//! for C, made at compile time.  Parameters and results are i32, u32, i64, u64, f32, f64, bool,
//! [:0]const u8 (a string), [*:0]const u8 (a string without its length) and []const u8 (bytes);
//! results may be void too.

const std = @import("std");

/// The SDK as C sees it.
pub const c = @cImport({
    @cInclude("mote_guest.h");
});

const Value = c.struct_mote_abi_value;

const Export = extern struct {
    signature: c.struct_mote_abi_import,
    entry: *const fn ([*]const Value) callconv(.c) Value,
};

/// Offers functions to the host, under these names: `comptime { mote.offer(.{ .count = count }); }`
pub fn offer(comptime functions: anytype) void {
    for (std.meta.fieldNames(@TypeOf(functions))) |name|
        offerOne(name, @field(functions, name));
    // A guest with functions has this, one with main has not.
    @export(&@as(u8, 0), .{ .name = "mote_guest_kind", .linkage = .weak });
}

fn offerOne(comptime name: []const u8, comptime function: anytype) void {
    const Function = @typeInfo(@TypeOf(function)).@"fn";
    const record = struct {
        fn call(arguments: [*]const Value) callconv(.c) Value {
            var values: std.meta.ArgsTuple(@TypeOf(function)) = undefined;
            inline for (Function.params, 0..) |parameter, i|
                values[i] = get(parameter.type.?, arguments[i]);
            return put(@call(.never_inline, function, values));
        }

        const record: Export = .{ .signature = signature(name, Function), .entry = call };
    }.record;

    @export(&record, .{ .name = "mote_export_" ++ name, .section = "mote_exports" });
}

/// A function of the host: `const next = mote.import("next", fn (u32) []const u8);`, called as
/// `next(.{4096})`.  What it returns is valid until the next one is called.
pub fn import(comptime name: []const u8, comptime Type: type) fn (std.meta.ArgsTuple(Type)) Result(Type) {
    return struct {
        const record: c.struct_mote_abi_import linksection("mote_imports") =
            signature(name, @typeInfo(Type).@"fn");

        fn call(arguments: std.meta.ArgsTuple(Type)) Result(Type) {
            var values: [arguments.len + 1]Value = undefined;
            inline for (arguments, 0..) |argument, i|
                values[i] = put(argument);
            return get(Result(Type), c.mote_guest_host_call(&record, &values));
        }
    }.call;
}

fn Result(comptime Type: type) type {
    return @typeInfo(Type).@"fn".return_type.?;
}

fn signature(comptime name: []const u8, comptime function: anytype) c.struct_mote_abi_import {
    var record = std.mem.zeroes(c.struct_mote_abi_import);

    @memcpy(record.name[0..name.len], name);
    record.result = number(function.return_type.?);
    record.argument_count = function.params.len;
    for (function.params, 0..) |parameter, i|
        record.arguments[i] = number(parameter.type.?);
    return record;
}

fn number(comptime T: type) u8 {
    return switch (T) {
        void => c.MOTE_TYPE_VOID,
        i32 => c.MOTE_TYPE_I32,
        u32 => c.MOTE_TYPE_U32,
        i64 => c.MOTE_TYPE_I64,
        u64 => c.MOTE_TYPE_U64,
        f32 => c.MOTE_TYPE_F32,
        f64 => c.MOTE_TYPE_F64,
        bool => c.MOTE_TYPE_BOOL,
        [:0]const u8, [*:0]const u8 => c.MOTE_TYPE_STRING,
        []const u8 => c.MOTE_TYPE_BYTES,
        else => @compileError("mote: the type " ++ @typeName(T) ++ " cannot cross the border"),
    };
}

fn get(comptime T: type, value: Value) T {
    return switch (T) {
        void => {},
        i32, i64 => @truncate(@as(i64, @bitCast(value.bits))),
        u32, u64 => @truncate(value.bits),
        f32 => @bitCast(@as(u32, @truncate(value.bits))),
        f64 => @bitCast(value.bits),
        bool => value.bits != 0,
        [*:0]const u8 => @ptrFromInt(value.bits),
        [:0]const u8 => @as([*]const u8, @ptrFromInt(value.bits))[0..value.length :0],
        // The address of no bytes may be 0.
        []const u8 => if (value.length == 0) "" else @as([*]const u8, @ptrFromInt(value.bits))[0..value.length],
        else => comptime unreachable,
    };
}

fn put(value: anytype) Value {
    const T = @TypeOf(value);
    const kind = comptime number(T);

    return switch (T) {
        void => .{ .type = kind, .length = 0, .bits = 0 },
        i32, u32 => .{ .type = kind, .length = 0, .bits = @as(u32, @bitCast(value)) },
        f32 => .{ .type = kind, .length = 0, .bits = @as(u32, @bitCast(value)) },
        i64, u64, f64 => .{ .type = kind, .length = 0, .bits = @bitCast(value) },
        bool => .{ .type = kind, .length = 0, .bits = @intFromBool(value) },
        [*:0]const u8 => c.mote_guest_put_string(value),
        else => .{ .type = kind, .length = @truncate(value.len), .bits = @intFromPtr(value.ptr) },
    };
}

/// `pub const panic = mote.panic;` in the root file: a failed check of Zig ends the guest with its
/// text.
pub const panic = std.debug.FullPanic(struct {
    fn end(text: []const u8, _: ?usize) noreturn {
        var line: [256]u8 = undefined;
        const length = @min(text.len, line.len - 1);

        @memcpy(line[0..length], text[0..length]);
        line[length] = 0;
        c.mote_abort("panic: %s", &line);
    }
}.end);
