#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# core_in_bed.sh BUILD: runs in an emulated machine and prints a core as text, for core_debuggers.
MOTE_TEST_KEEP_CORE=/tmp/core "$1/tests/sandbox/sandbox_core_test" fault_writes_one || exit 1
echo CORE-BEGIN
gzip -c /tmp/core | base64
echo CORE-END
