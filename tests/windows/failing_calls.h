/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of Windows that can fail (failure_point.h), whoever in this program calls them: the
 * library, or the test.
 */
#ifndef MOTE_TEST_WINDOWS_FAILING_CALLS_H
#define MOTE_TEST_WINDOWS_FAILING_CALLS_H

/* clang-format off */
/* X(name, type of the result, calling convention, result of a failure, parameters, arguments) */
#define FAILING_CALLS(X)                                                                           \
	X(CreateFileMappingW, HANDLE, WINAPI, NULL,                                                \
	  (HANDLE file, LPSECURITY_ATTRIBUTES security, DWORD protection, DWORD high, DWORD low,   \
	   LPCWSTR name),                                                                          \
	  (file, security, protection, high, low, name))                                           \
	X(CreateFileW, HANDLE, WINAPI, INVALID_HANDLE_VALUE,                                       \
	  (LPCWSTR path, DWORD access, DWORD shared, LPSECURITY_ATTRIBUTES security, DWORD how,    \
	   DWORD flags, HANDLE like),                                                              \
	  (path, access, shared, security, how, flags, like))                                      \
	X(CreateJobObjectW, HANDLE, WINAPI, NULL, (LPSECURITY_ATTRIBUTES security, LPCWSTR name),  \
	  (security, name))                                                                        \
	X(CreateWaitableTimerExW, HANDLE, WINAPI, NULL,                                            \
	  (LPSECURITY_ATTRIBUTES security, LPCWSTR name, DWORD flags, DWORD access),               \
	  (security, name, flags, access))                                                         \
	X(GetFileInformationByHandle, BOOL, WINAPI, FALSE,                                         \
	  (HANDLE file, LPBY_HANDLE_FILE_INFORMATION information), (file, information))            \
	X(GetModuleFileNameW, DWORD, WINAPI, 0, (HMODULE module, LPWSTR path, DWORD units),        \
	  (module, path, units))                                                                   \
	X(GetProcAddress, FARPROC, WINAPI, NULL, (HMODULE module, LPCSTR name), (module, name))    \
	X(HeapAlloc, LPVOID, WINAPI, NULL, (HANDLE heap, DWORD flags, SIZE_T bytes),               \
	  (heap, flags, bytes))                                                                    \
	X(InitializeProcThreadAttributeList, BOOL, WINAPI, FALSE,                                  \
	  (LPPROC_THREAD_ATTRIBUTE_LIST list, DWORD count, DWORD flags, PSIZE_T bytes),            \
	  (list, count, flags, bytes))                                                             \
	X(MapViewOfFile, LPVOID, WINAPI, NULL,                                                     \
	  (HANDLE section, DWORD access, DWORD high, DWORD low, SIZE_T bytes),                     \
	  (section, access, high, low, bytes))                                                     \
	X(MultiByteToWideChar, int, WINAPI, 0,                                                     \
	  (UINT page, DWORD flags, LPCSTR text, int length, LPWSTR wide, int units),               \
	  (page, flags, text, length, wide, units))                                                \
	X(ReadFile, BOOL, WINAPI, FALSE,                                                           \
	  (HANDLE file, LPVOID data, DWORD bytes, LPDWORD got, LPOVERLAPPED at),                   \
	  (file, data, bytes, got, at))                                                            \
	X(SetInformationJobObject, BOOL, WINAPI, FALSE,                                            \
	  (HANDLE job, JOBOBJECTINFOCLASS what, LPVOID data, DWORD bytes), (job, what, data, bytes)) \
	X(UpdateProcThreadAttribute, BOOL, WINAPI, FALSE,                                          \
	  (LPPROC_THREAD_ATTRIBUTE_LIST list, DWORD flags, DWORD_PTR what, PVOID value,            \
	   SIZE_T bytes, PVOID before, PSIZE_T needed),                                            \
	  (list, flags, what, value, bytes, before, needed))                                       \
	X(VirtualAlloc, LPVOID, WINAPI, NULL,                                                      \
	  (LPVOID where, SIZE_T bytes, DWORD type, DWORD protection),                              \
	  (where, bytes, type, protection))                                                        \
	X(VirtualProtect, BOOL, WINAPI, FALSE,                                                     \
	  (LPVOID at, SIZE_T bytes, DWORD protection, PDWORD before),                              \
	  (at, bytes, protection, before))                                                         \
	X(_beginthreadex, uintptr_t, __cdecl, 0,                                                   \
	  (void *security, unsigned stack, unsigned(__stdcall *run)(void *), void *user,           \
	   unsigned flags, unsigned *number),                                                      \
	  (security, stack, run, user, flags, number))
/* clang-format on */

enum failing_call {
#define FAILING_CALL(name, ...) FAILING_##name,
	FAILING_CALLS(FAILING_CALL)
#undef FAILING_CALL
		FAILING_COUNT
};

const char *failing_name(enum failing_call call);

#endif
