/* SPDX-License-Identifier: Apache-2.0
 *
 * What uname says.
 */
#define MOTE_LIBC_MACHINE "x86_64"
