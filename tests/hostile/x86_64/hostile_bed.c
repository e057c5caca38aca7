/* SPDX-License-Identifier: Apache-2.0
 *
 * Which kind of machine this is, on x86_64, and what a guest's processor can do.
 */
#define _POSIX_C_SOURCE 200809L /* access */
#include <string.h>
#include <unistd.h>

#include "hostile.h"

enum hostile_bed hostile_bed(void)
{
	if (test_in_bed("svm"))
		return SVM;
	return access("/sys/module/kvm_pvm", F_OK) == 0 ? PVM : HARDWARE;
}

/* Leaf 0 in the registers from r8 on, then 1, 7 and 0x80000001. */
GUEST_CODE(features, "xor %eax, %eax; cpuid; mov %ebx, %r8d\n\t"
		     "mov $1, %eax; cpuid; mov %ecx, %r9d; mov %edx, %r10d\n\t"
		     "mov $7, %eax; xor %ecx, %ecx; cpuid; mov %ebx, %r11d; mov %ecx, %r12d\n\t"
		     "mov $0x80000001, %eax; cpuid; mov %edx, %r13d");

/* Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E. */
static unsigned int features_of(const mote_x86_64_regs *r)
{
	const struct {
		uint64_t value;
		unsigned int bit, has;
	} rows[] = {
		{r->r12, 2, UMIP},     {r->r11, 0, FSGSBASE}, {r->r13, 27, RDTSCP},
		{r->r9, 30, RDRAND},   {r->r11, 18, RDSEED},  {r->r12, 4, OSPKE},
		{r->r9, 27, OSXSAVE},  {r->r12, 22, RDPID},   {r->r12, 5, WAITPKG},
		{r->r10, 19, CLFLUSH},
	};
	unsigned int features = 0;

	/* What is absent is the next bit of the enumeration. */
	for (size_t i = 0; i < TEST_COUNT(rows); i++)
		features |= rows[i].value >> rows[i].bit & 1 ? rows[i].has : rows[i].has << 1;
	/* "Auth", "Hygo" */
	return features | (r->r8 == 0x68747541 || r->r8 == 0x6f677948 ? AMD : INTEL);
}

/* A guest tells: what KVM offers, less what mote hides; on PVM the host's own. */
static unsigned int probe_features(void)
{
	const struct hostile_guest guest = {GUEST(features)};
	struct hostile_run run;
	unsigned int features;

	hostile_open(&run, &guest);
	hostile_enter(&run);
	REQUIRE(run.fault);
	features = features_of(&run.fault->registers.as.x86_64);
	hostile_close(&run);
	return features;
}

bool hostile_applies(unsigned int where)
{
	static unsigned int features;
	const unsigned int conditions = where & ~(unsigned int)EVERYWHERE;

	if (!(where & hostile_bed()))
		return false;
	if (conditions != 0 && features == 0)
		features = probe_features();
	return (conditions & ~features) == 0;
}
