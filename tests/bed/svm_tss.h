/* SPDX-License-Identifier: Apache-2.0
 *
 * The SVM bed's quirk: QEMU's emulation of SVM looks up the I/O bitmap only in a TSS of type 9
 * (available), where the architecture has 11 (busy) in TR.  So there each TSS that KVM is given
 * loses its busy bit.
 */
#ifndef MOTE_TEST_BED_SVM_TSS_H
#define MOTE_TEST_BED_SVM_TSS_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SVM_TSS_AVAILABLE = 9, SVM_TSS_BUSY = 11 };

static inline bool svm_is_bed(void)
{
	const char *bed = getenv("MOTE_TEST_BED");

	return bed && !strcmp(bed, "svm");
}

static inline void svm_fix_tss(struct kvm_sregs *sregs)
{
	if (sregs->tr.type == SVM_TSS_BUSY)
		sregs->tr.type = SVM_TSS_AVAILABLE;
}

#endif
