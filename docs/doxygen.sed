# SPDX-License-Identifier: Apache-2.0
#
# Plain C comments as documentation; see Doxyfile.in.
s,^/\* clang-format .*,,
1s,^/\* .*,/** @file,
t
s,^\([ \t]*\)/\*\($\| \),\1/**\2,
t
s,\([;\,}]\)\([ \t]*\)/\* ,\1\2/**< ,
