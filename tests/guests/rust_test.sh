#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# rust_test.sh GUEST_FOLDER MOTE SUITE: installs the guest SDK and builds guests in Rust as the crate's
# README says, with every cargo that is here: Debian's, and another one that comes first in the PATH.
# What must not compile does not.  The program SUITE, guest_rust, tests the guests of the latter.
set -u
guest=$(realpath "$1")
mote=$(realpath "$2")
suite=$(realpath "$3")
crates=$(dirname "$(realpath "$0")")/rust
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

ok() { echo "ok - guest_rust_build.$1"; }
not_ok() { echo "not ok - guest_rust_build.$1: $2"; failed=1; }
skip() { echo "skip - guest_rust_build.$1: $2"; }

# verdict NAME CODE: of what wrote $work/log.
verdict()
{
	if [ "$2" = 0 ]; then
		ok "$1"
	else
		not_ok "$1" "$(grep -v '^ *$' "$work/log" | tail -5 | cut -c 1-300 | tr '\n' ' ')"
	fi
}

cargos=()
for cargo in /usr/bin/cargo "$(command -v cargo)"; do
	[ -x "$cargo" ] && [[ " ${cargos[*]} " != *" $cargo "* ]] && cargos+=("$cargo")
done
if [ ${#cargos[@]} = 0 ]; then
	if [ "${MOTE_REQUIRE_BEDS:-}" = all ]; then
		not_ok cargo "cargo is not installed, and MOTE_REQUIRE_BEDS=all"
	else
		skip cargo "not installed"
	fi
	exit $failed
fi

if ! { cmake -S "$guest" -B "$work/build" -DCMAKE_INSTALL_PREFIX="$work/sdk" \
	-DCMAKE_INSTALL_LIBDIR=lib && cmake --build "$work/build" --target install; } >"$work/log" 2>&1; then
	verdict installs 1
	exit 1
fi
ok installs
mkdir "$work/tool"
ln -s "$mote" "$work/tool/mote"
export PATH=$work/sdk/bin:$work/tool:$PATH
crate=$work/sdk/share/mote/rust/mote-guest
target=$(uname -m)-unknown-linux-gnu

# block LANGUAGE NUMBER: that piece of code of the crate's README, for this machine.
block()
{
	awk -v language="$1" -v number="$2" '/^```$/ { on = 0 } on { print }
		$0 == "```" language { on = ++count == number }' "$crate/README.md" |
		sed "s|/usr/share/mote/rust/mote-guest|$crate|; s/x86_64/$(uname -m)/"
}

# begin NAME: a new crate without code in $work/NAME; the rest of its Cargo.toml from stdin.
begin()
{
	rm -rf "${work:?}/$1"
	mkdir -p "$work/$1/src" "$work/.cargo"
	printf '[package]\nname = "%s"\nversion = "0.1.0"\nedition = "2021"\n' "$1" >"$work/$1/Cargo.toml"
	cat >>"$work/$1/Cargo.toml"
	block toml 1 >"$work/.cargo/config.toml"
}

# run_cargo CRATE ARGUMENT...
run_cargo()
{
	local name=$1
	shift
	(cd "$work/$name" && "$cargo" "$@" --offline) >"$work/log" 2>"$work/errors" </dev/null
	local code=$?
	cat "$work/errors" >>"$work/log"
	return $code
}

# rejects NAME SENTENCE CODE: this does not compile, and the compiler says why.
rejects()
{
	printf '#![no_main]\n%s\n' "$3" >"$work/wrong/src/main.rs"
	if run_cargo wrong check; then
		not_ok "$label.rejects.$1" "it compiles"
	elif grep -qF -- "$2" "$work/log"; then
		ok "$label.rejects.$1"
	else
		not_ok "$label.rejects.$1" "$(grep -m 3 '^error' "$work/log" | tr '\n' ' ')"
	fi
}

# gives NAME EXPECTED ARGUMENT...: what `mote` prints.
gives()
{
	local name=$1 expected=$2 printed
	shift 2
	if [ ! -w /dev/kvm ]; then
		skip "$name" "no /dev/kvm"
		return
	fi
	printed=$("$mote" "$@" 2>&1 </dev/null)
	if [ "$printed" = "$expected" ]; then
		ok "$name"
	else
		not_ok "$name" "$printed"
	fi
}

for cargo in "${cargos[@]}"; do
	export RUSTC=${cargo%/*}/rustc
	export CARGO_TARGET_DIR=$work/target-$cargo
	built=$CARGO_TARGET_DIR/$target
	minor=$("$RUSTC" --version | cut -d . -f 2)
	label=rust_1_$minor

	begin counter < <(block toml 2)
	block rust 1 >"$work/counter/src/main.rs"
	run_cargo counter build --release
	verdict "$label.the_guest_of_the_readme" $?
	if [ "$("$mote" inspect "$built/release/counter" | sed -n '/^exports/,/^$/p;/^imports/,/^$/p' | tr -d '\n')" = \
		"exports (1)  count: i64(u32,u32)imports (1)  next_block: bytes(u32)" ]; then
		ok "$label.inspect_shows_its_functions"
	else
		not_ok "$label.inspect_shows_its_functions" "$("$mote" inspect "$built/release/counter" 2>&1)"
	fi

	# With cargo's own commands, as for any program.
	begin program </dev/null
	cp "$crates/program/src/main.rs" "$work/program/src"
	printf '#[test]\nfn adds() {\n\tassert_eq!(1 + 1, 2);\n}\n' >>"$work/program/src/main.rs"
	if [ -w /dev/kvm ]; then
		run_cargo program test && grep -q '^test result: ok. 1 passed' "$work/log"
		verdict "$label.cargo_test_runs_tests" $?
	else
		skip "$label.cargo_test_runs_tests" "no /dev/kvm"
	fi
	run_cargo program build
	verdict "$label.a_program" $?
	gives "$label.a_program_runs" $'a b Err(NotPresent)\n0 lines' run "$built/debug/program" a b

	# Without optimization, and where a panic cannot be caught.
	begin plain < <(block toml 2; block toml 3)
	printf '%s\n' '#![no_main]' '#[mote_guest::export]' 'fn f(v: i32) -> String {' \
		'assert!(v > 0, "v is {v}");' 'v.to_string()' '}' >"$work/plain/src/main.rs"
	run_cargo plain build
	verdict "$label.without_optimization" $?
	gives "$label.without_optimization_runs" 7 run "$built/debug/plain" f 7
	run_cargo plain build --release
	printed=$("$mote" run "$built/release/plain" f 0 2>&1)
	if [ ! -w /dev/kvm ]; then
		skip "$label.panic_abort" "no /dev/kvm"
	elif grep -q '^mote: guest aborted: panicked at .*v is 0' <<<"$printed"; then
		ok "$label.panic_abort"
	else
		not_ok "$label.panic_abort" "$printed"
	fi

	if ((minor >= 68)); then
		begin small < <(block toml 2 | sed 's/ }/, default-features = false, features = ["alloc"] }/'
			block toml 3)
		printf '%s\n' '#![no_std]' '#![no_main]' 'extern crate alloc;' '#[mote_guest::export]' \
			'fn f(v: u32) -> alloc::string::String {' \
			'alloc::format!("{}", (0..v).collect::<alloc::vec::Vec<u32>>().len())' '}' \
			>"$work/small/src/main.rs"
		run_cargo small build --release
		verdict "$label.memory_without_std" $?
		gives "$label.memory_without_std_runs" 1000 run "$built/release/small" f 1000
	fi

	begin wrong < <(block toml 2)
	if ((minor < 78)); then
		parameter='Parameter<' result='ExportResult` is not satisfied' import='ImportResult` is not satisfied'
	else
		parameter='cannot cross the border; use i32,' result='cannot cross the border; use (), i32,'
		import='cannot cross the border; use (), i32, u32, i64, u64, f32, f64, bool, String or Vec<u8>'
	fi
	rejects a_char "$parameter" '#[mote_guest::export] fn f(_: char) {}'
	rejects an_owned_parameter "$parameter" '#[mote_guest::export] fn f(_: String) {}'
	rejects a_structure "$result" 'struct S; #[mote_guest::export] fn f() -> S { S }'
	rejects a_borrowed_result_of_the_host "$import" 'mote_guest::import! { fn f() -> &'\''static str; }'
	rejects an_argument_kept "outlive" \
		'#[mote_guest::export] fn f(v: &'\''static str) { std::mem::drop(v) }'
	rejects a_method "mote: a method cannot be offered to the host" \
		'struct S; impl S { #[mote_guest::export] fn f(&self) {} }'
	rejects no_function "mote: this attribute stands before a function" '#[mote_guest::export] struct S;'
	rejects attribute_arguments "mote: this attribute has no arguments" '#[mote_guest::export(x)] fn f() {}'
	rejects seventeen_parameters "mote: f has more than 16 parameters" \
		"#[mote_guest::export] fn f($(printf '_: i32, %.0s' {1..17})) {}"
	rejects a_long_name "too long; it may have 63 bytes" "#[mote_guest::export] fn $(printf 'a%.0s' {1..64})() {}"

	if [ "$cargo" != /usr/bin/cargo ]; then
		mkdir -p "$work/guests"
		for name in values bare program; do
			rm -rf "${work:?}/$name"
			cp -r "$crates/$name" "$work/$name"
			sed -i "s|path = \"[^\"]*\"|path = \"$crate\"|" "$work/$name/Cargo.toml"
			run_cargo "$name" build --release && mv "$built/release/$name" "$work/guests/rust_$name"
			verdict "$label.builds_$name" $?
		done
		MOTE_TEST_GUESTS=$work/guests MOTE_TEST_SUITE=guest_$label "$suite" || failed=1
	fi

	# Through CMake.
	mkdir -p "$work/cmake"
	printf '%s\n' 'cmake_minimum_required(VERSION 3.25)' 'project(counter C)' "$(block cmake 1)" \
		>"$work/cmake/CMakeLists.txt"
	rm -rf "$work/cmake/build" "$work/cmake/counter"
	cp -r "$work/counter" "$work/cmake/counter"
	{ cmake -S "$work/cmake" -B "$work/cmake/build" -DCMAKE_PREFIX_PATH="$work/sdk" -DMOTE_CARGO="$cargo" &&
		cmake --build "$work/cmake/build" && "$mote" inspect "$work/cmake/build/counter"; } >"$work/log" 2>&1 &&
		grep -q 'count: i64(u32,u32)' "$work/log"
	verdict "$label.cmake_package" $?
done
exit $failed
