/* SPDX-License-Identifier: Apache-2.0
 *
 * How /dev/mshv can fail: its file and its requests.  Where it is not there, or no hypervisor is
 * behind it, the next one is tried.
 */
#include <errno.h>

#include "hypervisor/backends/mshv/mshv_abi.h"
#include "sweep_device.h"

static struct sweep_entry open_entry = {
	.name = "open",
	.text = "/dev/mshv",
	.failures =
		{
			{EIO, SWEEP(OK) | SWEEP(HYPERVISOR), "open /dev/mshv", false},
			{ENOENT, SWEEP(OK) | SWEEP(NO_HYPERVISOR), "/dev/mshv: no such device; ",
			 true},
			{EACCES, SWEEP(OK) | SWEEP(NO_HYPERVISOR), "permission denied; ", true},
			{EMFILE, SWEEP(LIMIT), "the process is limited to", false},
			{ENOMEM, SWEEP(NO_MEMORY), NULL, false},
			{EINTR, SWEEP(OK) | SWEEP(HYPERVISOR), NULL, false},
		},
};

static struct sweep_request requests[] = {
	{MOTE_MSHV_CREATE_PARTITION,
	 {.name = "MSHV_CREATE_PARTITION",
	  .failures = {{EIO, SWEEP(HYPERVISOR), NULL, false},
		       {EINVAL, SWEEP(NO_HYPERVISOR), "refuses a partition", true},
		       {ENOMEM, SWEEP(NO_MEMORY), NULL, false},
		       {EMFILE, SWEEP(LIMIT), NULL, false},
		       {EINTR, SWEEP(OK) | SWEEP(HYPERVISOR), NULL, false},
		       {ENOTTY, SWEEP(NO_HYPERVISOR), "another interface", true}}}},
	{MOTE_MSHV_INITIALIZE_PARTITION,
	 {.name = "MSHV_INITIALIZE_PARTITION", .failures = {SWEEP_ANY}}},
	{MOTE_MSHV_CREATE_VP, {.name = "MSHV_CREATE_VP", .failures = {SWEEP_ANY}}},
	{MOTE_MSHV_SET_GUEST_MEMORY, {.name = "MSHV_SET_GUEST_MEMORY", .failures = {SWEEP_ANY}}},
	{MOTE_MSHV_ROOT_HVCALL, {.name = "HVCALL_", .failures = {SWEEP_ANY}}},
	{MOTE_MSHV_RUN_VP,
	 {.name = "MSHV_RUN_VP",
	  .failures = {SWEEP_ANY,
		       {EFAULT, SWEEP(NO_MEMORY) | SWEEP(HYPERVISOR), NULL, false},
		       {EINTR, SWEEP(OK), NULL, false}}}},
	{MOTE_MSHV_GET_VP_STATE, {.name = "MSHV_GET_VP_STATE", .failures = {SWEEP_ANY}}},
	{MOTE_MSHV_SET_VP_STATE, {.name = "MSHV_SET_VP_STATE", .failures = {SWEEP_ANY}}},
};

extern const struct sweep_device sweep_mshv;

const struct sweep_device sweep_mshv = {
	.file = "sweep_mshv.c",
	.open = &open_entry,
	.requests = requests,
	.request_count = sizeof(requests) / sizeof(requests[0]),
};
