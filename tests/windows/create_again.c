/* SPDX-License-Identifier: Apache-2.0
 *
 * On a busy machine one of a thousand processes does not start under Wine 8: it is tried again.
 */
#include <windows.h>

typedef BOOL(WINAPI *create_process)(LPCWSTR program, LPWSTR line, LPSECURITY_ATTRIBUTES process,
				     LPSECURITY_ATTRIBUTES thread, BOOL inherit, DWORD flags,
				     LPVOID environment, LPCWSTR folder, LPSTARTUPINFOW start,
				     LPPROCESS_INFORMATION made);

/* Where a program finds CreateProcessW. */
extern const create_process __real___imp_CreateProcessW, __wrap___imp_CreateProcessW;

static BOOL WINAPI create_again(LPCWSTR program, LPWSTR line, LPSECURITY_ATTRIBUTES process,
				LPSECURITY_ATTRIBUTES thread, BOOL inherit, DWORD flags,
				LPVOID environment, LPCWSTR folder, LPSTARTUPINFOW start,
				LPPROCESS_INFORMATION made)
{
	BOOL good = FALSE;

	for (unsigned tries = 0; tries < 3 && !good; tries++) {
		good = __real___imp_CreateProcessW(program, line, process, thread, inherit, flags,
						   environment, folder, start, made);
		if (!good && GetLastError() != ERROR_INTERNAL_ERROR)
			break;
	}
	return good;
}

const create_process __wrap___imp_CreateProcessW = create_again;
