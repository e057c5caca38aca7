/* SPDX-License-Identifier: Apache-2.0
 *
 * All that the library needs from an operating system, one header per subject.  One implementation
 * per system is linked in: os_linux*.c or os_macos*.c, with posix/ for what is the same on all
 * POSIX systems, or os_windows*.c.
 */
#ifndef MOTE_OS_OS_H
#define MOTE_OS_OS_H

#include "os/os_clock.h"
#include "os/os_error.h"
#include "os/os_file.h"
#include "os/os_memory.h"
#include "os/os_process.h"
#include "os/os_random.h"
#include "os/os_socket.h"
#include "os/os_thread.h"

#endif
