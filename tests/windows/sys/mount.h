/* SPDX-License-Identifier: Apache-2.0
 *
 * On Windows, where no user can mount file systems over folders as <sys/mount.h> says.
 */
#ifndef MOTE_TEST_WINDOWS_SYS_MOUNT_H
#define MOTE_TEST_WINDOWS_SYS_MOUNT_H

enum { MS_RDONLY = 1 };

static inline int mount(const char *source, const char *target, const char *type,
			unsigned long flags, const void *data)
{
	(void)source, (void)target, (void)type, (void)flags, (void)data;
	return -1;
}

static inline int umount(const char *target)
{
	(void)target;
	return -1;
}

#endif
