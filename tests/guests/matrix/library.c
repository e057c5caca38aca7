/* SPDX-License-Identifier: Apache-2.0
 *
 * Of a static library that was compiled for a shared one (-fPIC): its thread-local variable is
 * found by a call, which the linker takes out again.
 */
__thread int library_variable = 5;

int library_next(void)
{
	return ++library_variable;
}
