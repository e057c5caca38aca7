/* SPDX-License-Identifier: Apache-2.0
 *
 * New files on Windows: written under another name, and whole or absent afterwards.  The file is
 * renamed and deleted through its handle, so no folder stays open, and a change of the current one
 * does no harm.
 * Sources: CreateFileW, SetFileInformationByHandle, FSCTL_SET_SPARSE, "ACLs".
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <winioctl.h>

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "error_internal.h"
#include "os/os_error.h"
#include "os/os_file.h"
#include "os/os_process.h"
#include "os/os_random.h"
#include "os/os_windows.h"

/* Of <winbase.h> for Windows 10, version 1709: others may have the replaced file open. */
enum {
	RENAME_CLASS = 22, /* FileRenameInfoEx */
	REPLACE = 1,	   /* FILE_RENAME_FLAG_REPLACE_IF_EXISTS */
	POSIX_RENAME = 2,  /* FILE_RENAME_FLAG_POSIX_SEMANTICS */
};

/* ---- For its owner alone ----------------------------------------------------------------- */

/* Lets one user do everything, and nobody else anything. */
struct protection {
	union {
		TOKEN_USER user;
		uint8_t bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
	} token;
	union {
		ACL list;
		uint8_t bytes[sizeof(ACL) + sizeof(ACCESS_ALLOWED_ACE) + SECURITY_MAX_SID_SIZE];
	} access;
	SECURITY_DESCRIPTOR descriptor;
	SECURITY_ATTRIBUTES attributes;
};

static bool find_user(struct protection *protection)
{
	HANDLE token;
	DWORD length;
	BOOL is_found;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return false;
	is_found = GetTokenInformation(token, TokenUser, &protection->token,
				       sizeof(protection->token), &length);
	CloseHandle(token);
	return is_found;
}

static bool protect(struct protection *protection)
{
	PACL const list = &protection->access.list;

	*protection = (struct protection){0};
	protection->attributes.nLength = sizeof(protection->attributes);
	protection->attributes.lpSecurityDescriptor = &protection->descriptor;
	return find_user(protection) &&
	       InitializeAcl(list, sizeof(protection->access), ACL_REVISION) &&
	       AddAccessAllowedAce(list, ACL_REVISION, FILE_ALL_ACCESS,
				   protection->token.user.User.Sid) &&
	       InitializeSecurityDescriptor(&protection->descriptor,
					    SECURITY_DESCRIPTOR_REVISION) &&
	       SetSecurityDescriptorDacl(&protection->descriptor, TRUE, list, FALSE) &&
	       /* Nothing from the folder. */
	       SetSecurityDescriptorControl(&protection->descriptor, SE_DACL_PROTECTED,
					    SE_DACL_PROTECTED);
}

/* ---- Names ------------------------------------------------------------------------------- */

/* The last part of a path: "name" of "folder/name" and of "C:name". */
static wchar_t *name_of(wchar_t *path)
{
	wchar_t *name = path + wcslen(path);

	while (name > path && name[-1] != L'\\' && name[-1] != L'/' &&
	       !(name == path + 2 && name[-1] == L':'))
		name--;
	return name;
}

static mote_status make_path(const char *path, wchar_t **wide, mote_error *error)
{
	wchar_t *made = mote_windows_path(path);
	const bool has_name = made != NULL && *name_of(made) != L'\0';

	if (has_name) {
		*wide = made;
		return MOTE_OK;
	}
	if (made != NULL)
		SetLastError(ERROR_INVALID_NAME);
	mote_windows_path_free(made);
	return mote_windows_fail_file(error, "", path, GetLastError());
}

/* ---- Life -------------------------------------------------------------------------------- */

/* Puts the name in place of the path's last part.  mote_windows_path cares for what is too long. */
static mote_status name_temporary(struct mote_os_new_file *file, wchar_t **wide, mote_error *error)
{
	uint64_t random;
	wchar_t *path, *longer;
	size_t folder;
	mote_status status = mote_os_random(&random, sizeof(random), error);

	if (status != MOTE_OK)
		return status;
	snprintf(file->temporary, sizeof(file->temporary), ".mote-%llu-%016llx.tmp",
		 (unsigned long long)mote_os_process_id(), (unsigned long long)random);
	path = *wide;
	folder = (size_t)(name_of(path) - path);
	longer = HeapReAlloc(GetProcessHeap(), 0, path,
			     (folder + sizeof(file->temporary)) * sizeof(*longer));
	if (longer == NULL)
		return mote_fail_memory(error, "path");
	MultiByteToWideChar(CP_UTF8, 0, file->temporary, -1, longer + folder,
			    sizeof(file->temporary));
	*wide = longer;
	return MOTE_OK;
}

/* Readers may come before it is finished; nobody else writes it. */
static HANDLE create(const wchar_t *path)
{
	struct protection protection;
	HANDLE handle;
	DWORD count;

	if (!protect(&protection))
		return INVALID_HANDLE_VALUE;
	handle = CreateFileW(path, GENERIC_WRITE | DELETE, FILE_SHARE_READ | FILE_SHARE_DELETE,
			     &protection.attributes, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL);
	/* Not every file system has holes. */
	if (handle != INVALID_HANDLE_VALUE)
		(void)DeviceIoControl(handle, FSCTL_SET_SPARSE, NULL, 0, NULL, 0, &count, NULL);
	return handle;
}

mote_status mote_os_new_file_create(const char *path, struct mote_os_new_file *file,
				    mote_error *error)
{
	struct mote_os_new_file created = {.path = path, .folder = -1};
	wchar_t *wide = NULL;
	HANDLE handle = INVALID_HANDLE_VALUE;
	mote_status status = make_path(path, &wide, error);

	if (status != MOTE_OK)
		return status;
	status = name_temporary(&created, &wide, error);
	if (status == MOTE_OK) {
		handle = create(wide);
		if (handle == INVALID_HANDLE_VALUE)
			status = mote_windows_fail_file(error, "creating ", path, GetLastError());
	}
	mote_windows_path_free(wide);
	if (status != MOTE_OK)
		return status;
	created.handle = (intptr_t)handle;
	*file = created;
	return MOTE_OK;
}

mote_status mote_os_new_file_write(struct mote_os_new_file *file, uint64_t offset, const void *data,
				   size_t length, mote_error *error)
{
	const size_t most = 1u << 30;

	for (size_t done = 0; done < length;) {
		const uint64_t at = offset + done;
		const size_t left = length - done, part = left < most ? left : most;
		OVERLAPPED place = {.Offset = (DWORD)at, .OffsetHigh = (DWORD)(at >> 32)};
		DWORD count = 0;

		if (!WriteFile((HANDLE)file->handle, (const char *)data + done, (DWORD)part, &count,
			       &place) ||
		    count == 0)
			return mote_windows_fail_file(error, "writing ", file->path,
						      GetLastError());
		done += count;
	}
	return MOTE_OK;
}

void mote_os_new_file_discard(struct mote_os_new_file *file)
{
	FILE_DISPOSITION_INFO deletion = {TRUE};

	(void)SetFileInformationByHandle((HANDLE)file->handle, FileDispositionInfo, &deletion,
					 sizeof(deletion));
	CloseHandle((HANDLE)file->handle);
}

/* ---- Committing -------------------------------------------------------------------------- */

/* The folder as the system knows it, with a \\ at its end, and room for so many units more; NULL if
 * it cannot say. */
static wchar_t *folder_of(HANDLE handle, size_t more)
{
	const DWORD units = GetFinalPathNameByHandleW(handle, NULL, 0, FILE_NAME_NORMALIZED);
	wchar_t *path =
		units > 0 ? HeapAlloc(GetProcessHeap(), 0, (units + more) * sizeof(*path)) : NULL;

	if (path == NULL)
		return NULL;
	if (GetFinalPathNameByHandleW(handle, path, units, FILE_NAME_NORMALIZED) >= units) {
		mote_windows_path_free(path);
		return NULL;
	}
	*name_of(path) = L'\0';
	return path;
}

/* The new name, from the root; NULL: there is no memory. */
static wchar_t *target_of(const struct mote_os_new_file *file)
{
	wchar_t *given = mote_windows_path(file->path), *target = NULL;

	if (given == NULL)
		return NULL;
	target = folder_of((HANDLE)file->handle, wcslen(name_of(given)) + 1);
	if (target == NULL)
		return given;
	wcscat(target, name_of(given));
	mote_windows_path_free(given);
	return target;
}

/* FileRenameInfo has TRUE where the other class has flags. */
static bool rename_as(HANDLE handle, FILE_RENAME_INFO *information, DWORD bytes)
{
	const DWORD flags = REPLACE | POSIX_RENAME, older = REPLACE;
	DWORD code;

	memcpy(information, &flags, sizeof(flags));
	if (SetFileInformationByHandle(handle, (FILE_INFO_BY_HANDLE_CLASS)RENAME_CLASS, information,
				       bytes))
		return true;
	/* A file system, or Wine, that knows the older class only. */
	code = GetLastError();
	if (code != ERROR_INVALID_PARAMETER && code != ERROR_INVALID_FUNCTION &&
	    code != ERROR_NOT_SUPPORTED)
		return false;
	memcpy(information, &older, sizeof(older));
	return SetFileInformationByHandle(handle, FileRenameInfo, information, bytes);
}

static bool rename_to(HANDLE handle, const wchar_t *target)
{
	const size_t name_bytes = wcslen(target) * sizeof(*target);
	const size_t bytes = sizeof(FILE_RENAME_INFO) + name_bytes;
	FILE_RENAME_INFO *information = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, bytes);
	bool is_renamed;
	DWORD code;

	if (information == NULL) {
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return false;
	}
	information->FileNameLength = (DWORD)name_bytes;
	memcpy(information->FileName, target, name_bytes);
	is_renamed = rename_as(handle, information, (DWORD)bytes);
	code = GetLastError();
	HeapFree(GetProcessHeap(), 0, information);
	SetLastError(code);
	return is_renamed;
}

mote_status mote_os_new_file_commit(struct mote_os_new_file *file, uint64_t bytes,
				    mote_error *error)
{
	const HANDLE handle = (HANDLE)file->handle;
	FILE_END_OF_FILE_INFO end;
	wchar_t *target = NULL;
	mote_status status = MOTE_OK;

	end.EndOfFile.QuadPart = (LONGLONG)bytes;
	if (!SetFileInformationByHandle(handle, FileEndOfFileInfo, &end, sizeof(end)))
		status = mote_windows_fail_file(error, "setting the length of ", file->path,
						GetLastError());
	if (status == MOTE_OK) {
		target = target_of(file);
		if (target == NULL || !rename_to(handle, target))
			status = mote_windows_fail_file(error, "renaming to ", file->path,
							GetLastError());
	}
	mote_windows_path_free(target);
	if (status != MOTE_OK)
		mote_os_new_file_discard(file);
	else
		CloseHandle(handle);
	return status;
}
