#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# dev_sign_test.sh DEV: what `./dev sign` says where it cannot work, and what it runs on a Mac, which a
# codesign and a uname of this test pretend.
set -u
dev=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# expect NAME CODE PATTERN COMMAND...
expect()
{
	local name=$1 code=$2 pattern=$3 output
	shift 3
	output=$("$@" 2>&1)
	if [ $? = "$code" ] && grep -qE -- "$pattern" <<<"$output"; then
		echo "ok - dev_sign.$name"
	else
		echo "not ok - dev_sign.$name: printed: ${output//$'\n'/ | }"
		failed=1
	fi
}

expect says_where_it_works 1 '^dev: sign is for a Mac' "$dev" sign "$work/program"

mkdir "$work/mac"
printf '#!/bin/sh\necho Darwin\n' >"$work/mac/uname"
cat >"$work/mac/codesign" <<'END'
#!/bin/sh
[ "$1" != --verify ] || exit 0
[ "$1 $2 $3 $4" = "--sign - --force --entitlements" ] || exit 3
grep -q com.apple.security.hypervisor "$5" && echo "$6" >>"$0.log"
END
chmod +x "$work/mac/uname" "$work/mac/codesign"
touch "$work/program"
mac=(env "PATH=$work/mac:$PATH" "$dev")
expect signs_a_program 0 "^signed: $work/program\$" "${mac[@]}" sign "$work/program"
expect gives_the_entitlement 0 "^$work/program\$" cat "$work/mac/codesign.log"
printf '#!/bin/sh\nexit 1\n' >"$work/mac/codesign"
expect passes_on_a_failure 1 '' "${mac[@]}" sign "$work/program"
expect says_what_a_mac_cannot 1 '^dev: test is for Debian; on a Mac use cmake' "${mac[@]}" test
exit $failed
