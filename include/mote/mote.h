/* SPDX-License-Identifier: Apache-2.0
 *
 * mote: untrusted native code in micro VMs, one typed function call at a time.
 * The umbrella header: everything a host program needs.
 */
#ifndef MOTE_MOTE_H
#define MOTE_MOTE_H

#include <mote/abi.h>
#include <mote/buffer.h>
#include <mote/core.h>
#include <mote/debug.h>
#include <mote/engine.h>
#include <mote/error.h>
#include <mote/fault.h>
#include <mote/image.h>
#include <mote/interrupt.h>
#include <mote/pool.h>
#include <mote/program.h>
#include <mote/registers.h>
#include <mote/sandbox.h>
#include <mote/snapshot.h>
#include <mote/value.h>
#include <mote/version.h>

#endif
