/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the simulated /dev/mshv have for each other.  A function returns 0 or more, or
 * a negative error number; a hypercall enum mote_mshv_status.
 */
#ifndef MOTE_SIM_MSHV_INTERNAL_H
#define MOTE_SIM_MSHV_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "hypervisor/backends/mshv/mshv_abi.h"
#include "sim/core/core.h"
#include "sim/mshv/mshv.h"
#include "text/format.h"

enum { MSHV_VPS = 256, MSHV_REGIONS = 512, MSHV_SHADOWS = 256, MSHV_PROPERTIES = 32 };
enum { MSHV_STATES = 5 };

/* Kinds of files, as sets. */
enum mshv_kind {
	MSHV_DEVICE = 1,
	MSHV_PARTITION = 2,
	MSHV_VP = 4,
	MSHV_ALL = 7,
	MSHV_PASSED_ON = 8, /* a device that is passed on to the guest */
};

struct vp {
	struct partition *partition;
	uint32_t index;
	pthread_mutex_t lock; /* of a run, and of its registers */
	struct sim_vcpu *core;
	int pages_fd;
	uint8_t *pages; /* the register page, and the message page */
	bool page_is_used;
	bool explicitly_suspended, intercept_suspended;
	/* Registers that only have a value. */
	struct {
		uint32_t name;
		struct mote_hyperv_value value;
	} shadows[MSHV_SHADOWS];
	size_t shadow_count;
	void *states[MSHV_STATES]; /* those that are only remembered */
};

struct partition {
	pthread_mutex_t lock;
	_Atomic int references; /* of files */
	bool is_initialized, has_lapic;
	uint64_t disabled_features[MOTE_MSHV_FEATURE_BANKS], disabled_xsave;
	struct sim_machine *machine;
	struct mote_mshv_memory regions[MSHV_REGIONS]; /* bytes 0: none */
	uint64_t *accessed[MSHV_REGIONS];	       /* NULL: nobody asked; bits of frames */
	struct vp *vps[MSHV_VPS];
	struct {
		uint32_t code;
		uint64_t value;
	} properties[MSHV_PROPERTIES];
	size_t property_count;
	_Atomic uint32_t vectors; /* that are intercepted */
};

struct file {
	enum mshv_kind kind;
	_Atomic int references;
	struct partition *partition;
	struct vp *vp;
};

/* A rule is broken that the real hypervisor would punish silently, or not at all. */
_Noreturn void mshv_violation(const char *format, ...) MOTE_PRINTF(1, 2);

/* ---- Files (mshv_files.c) -------------------------------------------------------------------- */

struct file *mshv_open(void);
/* made: a new file, which the request is to return a descriptor of. */
long mshv_ioctl(struct file *file, unsigned long request, void *argument, uint64_t mask,
		struct file **made);
struct file *mshv_make_file(enum mshv_kind kind, struct partition *partition, struct vp *vp);
/* The descriptor and offset that a page of a file is mapped from. */
int mshv_page(struct file *file, uint64_t page, uint64_t *offset);
struct file *mshv_hold(struct file *file);
void mshv_release(struct file *file);
size_t mshv_page_bytes(void);
/* NULL: there is none. */
struct vp *mshv_find_vp(struct partition *partition, uint32_t index);
/* A message of this type without a payload; its payload. */
void *mshv_begin_message(struct vp *vp, uint32_t type, size_t bytes);

/* ---- Hypercalls (mshv_hypercalls.c) ---------------------------------------------------------- */

long mshv_hypercall(struct file *file, struct mote_mshv_hypercall *call);
uint16_t mshv_get_shadow(const struct vp *vp, uint32_t name, struct mote_hyperv_value *value);
uint16_t mshv_set_shadow(struct vp *vp, uint32_t name, const struct mote_hyperv_value *value);

/* ---- Properties (mshv_properties.c) ---------------------------------------------------------- */

uint16_t mshv_get_property(const struct partition *partition, uint32_t code, uint64_t *value);
uint16_t mshv_set_property(struct partition *partition, uint32_t code, uint64_t value);

/* ---- Of the architecture --------------------------------------------------------------------- */

int mshv_arch_begin(struct vp *vp);
uint16_t mshv_arch_get(struct vp *vp, uint32_t name, struct mote_hyperv_value *value);
uint16_t mshv_arch_set(struct vp *vp, uint32_t name, const struct mote_hyperv_value *value);
/* Before registers are touched by hypercall, and after they were changed. */
void mshv_arch_settle(struct vp *vp, uint32_t name);
void mshv_arch_publish(struct vp *vp);
bool mshv_arch_has_page(void);
/* Puts a message into the message page. */
long mshv_arch_run(struct vp *vp, uint64_t mask);
bool mshv_arch_can_intercept(uint32_t vector);
uint16_t mshv_arch_cpuid(uint32_t function, uint32_t index, uint32_t registers[4]);
bool mshv_arch_translate(struct vp *vp, uint64_t va, uint64_t *gpa);
uint64_t mshv_arch_xsave_states(const struct partition *partition);
uint32_t mshv_arch_xsave_bytes(const struct partition *partition);
long mshv_arch_get_xsave(struct vp *vp, void *area);
long mshv_arch_set_xsave(struct vp *vp, const void *area);

#endif
