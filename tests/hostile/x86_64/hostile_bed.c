/* SPDX-License-Identifier: Apache-2.0
 *
 * Which kind of machine this is, on x86_64.
 */
#define _POSIX_C_SOURCE 200809L /* access */
#include <unistd.h>

#include "hostile.h"

enum hostile_bed hostile_bed(void)
{
	if (test_in_bed("svm"))
		return SVM;
	return access("/sys/module/kvm_pvm", F_OK) == 0 ? PVM : HARDWARE;
}
