#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# harness_test.sh SYSTEM COMMAND...: checks what the harness prints and returns for each way in which
# a case can end.  SYSTEM: posix or windows; it decides how a program dies.
set -u
case $1 in
posix) aborted=134 abort_signal=06 faulted=139 ;;
windows) aborted=3 abort_signal=22 faulted=3 ;;
esac
shift
sample=("$@")
failed=0
unset MOTE_TEST_FILTER MOTE_TEST_SLOW MOTE_TEST_SCALE MOTE_TEST_TIMEOUT

# expect CASE CODE PATTERN: running CASE gives exit code CODE and a line that matches PATTERN.
expect()
{
	local output code
	output=$("${sample[@]}" "sample.$1" 2>/dev/null) && code=0 || code=$?
	if [ "$code" = "$2" ] && grep -qE -- "$3" <<<"$output"; then
		echo "ok - harness.$1"
	else
		echo "not ok - harness.$1: exit code $code, printed: ${output//$'\n'/ | }"
		failed=1
	fi
}

expect passes 0 '^ok - sample\.passes$'
expect fails_twice_and_goes_on 1 '^not ok - sample\.fails_twice_and_goes_on: harness_sample.c:[0-9]+: 1 > 2$'
expect fails_twice_and_goes_on 1 'is 0xffffffffffffffff \(-1\), not 0xff \(255\)$'
expect leaves_at_require 1 'is "left", not "right"$'
expect differs_in_memory 1 'byte 2 of 3 is 0x63, not 0x64$'
expect lacks_a_part 1 '"hello" has no "world"$'
expect is_within 1 '^# after$'
expect never_begins 1 '^not ok - sample\.never_begins: harness_sample.c:[0-9]+: nothing to begin with$'
expect is_skipped 0 '^skip - sample\.is_skipped: no bed here$'
expect aborts "$aborted" "^not ok - sample\.aborts: crashed with signal $abort_signal\$"
expect faults "$faulted" '^not ok - sample\.faults: crashed with signal 11$'
MOTE_TEST_TIMEOUT=1 expect hangs 1 '^not ok - sample\.hangs: hung'
MOTE_TEST_SLOW=2 MOTE_TEST_SCALE=100 expect scales 0 '^ok - sample\.scales$'
MOTE_TEST_FILTER=nothing expect passes 0 '^# sample: 0 passed, 0 failed, 0 skipped$'

# Of a name after = all counts.
select_one()
{
	"${sample[@]}" "$1" | grep -qxF "# sample: $2 passed, 0 failed, $3 skipped"
}
if select_one '=sample.passes' 1 0 && select_one '=sample.pass' 0 0 && select_one '=passes' 0 0 &&
	select_one '=sample.is_skipped' 0 1; then
	echo "ok - harness.selects_one"
else
	echo "not ok - harness.selects_one"
	failed=1
fi
exit $failed
