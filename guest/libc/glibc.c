/* SPDX-License-Identifier: Apache-2.0
 *
 * What the standard library of Rust, compiled for glibc, asks of it beyond the C library.
 */
const char *gnu_get_libc_version(void);
int __res_init(void);

/* The first in which it uses no way around an old fault. */
const char *gnu_get_libc_version(void)
{
	return "2.26";
}

int __res_init(void)
{
	return 0;
}
