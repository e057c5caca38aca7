/* SPDX-License-Identifier: Apache-2.0
 *
 * What the compiler's own <limits.h> includes in turn: the limits of an operating system.  A
 * freestanding guest has none.
 */
