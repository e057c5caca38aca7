/* SPDX-License-Identifier: Apache-2.0
 *
 * The hypercalls that the driver passes on, by one table of rules.  What the driver refuses is
 * EINVAL (drivers/hv/mshv_root_main.c, mshv_ioctl_passthru_hvcall), what the hypervisor refuses a
 * status.  A buffer that is too small for its hypercall ends the program: the real hypervisor takes
 * what happens to be there.
 */
#include "sim/mshv/mshv_foreign.h"

#include <errno.h>
#include <string.h>

struct request {
	struct file *file;
	struct partition *partition; /* NULL: of the device */
	const uint8_t *in;
	uint8_t *out;
	uint16_t count; /* that are to be done now, of a repeated call */
	uint16_t done;
};

struct call {
	uint16_t code;
	const char *name;
	/* The fewest bytes, and more for each repetition. */
	uint16_t in_bytes, in_each, out_bytes, out_each;
	unsigned files; /* enum mshv_kind */
	bool is_repeated;
	enum sim_mshv_kernel since;
	uint16_t (*serve)(struct request *request);
};

/* ---- Registers ------------------------------------------------------------------------------- */

uint16_t mshv_get_shadow(const struct vp *vp, uint32_t name, struct mote_hyperv_value *value)
{
	*value = (struct mote_hyperv_value){0, 0};
	for (size_t i = 0; i < vp->shadow_count; i++)
		if (vp->shadows[i].name == name)
			*value = vp->shadows[i].value;
	return MOTE_MSHV_SUCCESS;
}

uint16_t mshv_set_shadow(struct vp *vp, uint32_t name, const struct mote_hyperv_value *value)
{
	size_t i = 0;

	while (i < vp->shadow_count && vp->shadows[i].name != name)
		i++;
	if (i == MSHV_SHADOWS)
		return MOTE_MSHV_INVALID_PARAMETER;
	if (i == vp->shadow_count)
		vp->shadow_count++;
	vp->shadows[i].name = name;
	vp->shadows[i].value = *value;
	return MOTE_MSHV_SUCCESS;
}

/* The VP of a register call, locked; NULL, with a status. */
static struct vp *begin_registers(const struct request *request, uint16_t *status)
{
	const struct mote_mshv_registers *head = (const void *)request->in;
	struct vp *vp = mshv_find_vp(request->partition, head->vp);

	*status = MOTE_MSHV_INVALID_VP;
	if (!vp)
		return NULL;
	*status = MOTE_MSHV_INVALID_PARAMETER;
	if (head->vtl != 0 || head->zero[0] || head->zero[1] || head->zero[2])
		return NULL;
	*status = MOTE_MSHV_SUCCESS;
	if (request->file->vp != vp)
		pthread_mutex_lock(&vp->lock);
	return vp;
}

static uint16_t end_registers(const struct request *request, struct vp *vp, uint16_t status)
{
	if (request->file->vp != vp)
		pthread_mutex_unlock(&vp->lock);
	return status;
}

static uint16_t get_suspension(const struct vp *vp, uint32_t name, struct mote_hyperv_value *value)
{
	const bool is_explicit = name == MOTE_MSHV_EXPLICIT_SUSPEND;

	*value = (struct mote_hyperv_value){
		is_explicit ? vp->explicitly_suspended : vp->intercept_suspended, 0};
	return MOTE_MSHV_SUCCESS;
}

static uint16_t get_registers(struct request *request)
{
	const uint8_t *names = request->in + sizeof(struct mote_mshv_registers);
	uint16_t status;
	struct vp *vp = begin_registers(request, &status);

	if (!vp)
		return status;
	while (request->done < request->count && status == MOTE_MSHV_SUCCESS) {
		struct mote_hyperv_value value;
		uint32_t name;

		memcpy(&name, names + request->done * sizeof(name), sizeof(name));
		mshv_arch_settle(vp, name);
		status = name <= MOTE_MSHV_INTERCEPT_SUSPEND ? get_suspension(vp, name, &value)
							     : mshv_arch_get(vp, name, &value);
		if (status == MOTE_MSHV_SUCCESS)
			memcpy(request->out + request->done++ * sizeof(value), &value,
			       sizeof(value));
	}
	return end_registers(request, vp, status);
}

/* The driver suspends and resumes VPs: one that others resume runs beside it. */
static void refuse_suspension(const struct mote_mshv_register *registers, uint16_t count)
{
	for (uint16_t i = 0; i < count; i++)
		if (registers[i].name <= MOTE_MSHV_INTERCEPT_SUSPEND)
			mshv_violation("the suspend register %#x is the driver's",
				       registers[i].name);
}

static uint16_t set_registers(struct request *request)
{
	const struct mote_mshv_register *registers =
		(const void *)(request->in + sizeof(struct mote_mshv_registers));
	uint16_t status;
	struct vp *vp = begin_registers(request, &status);

	if (!vp)
		return status;
	refuse_suspension(registers, request->count);
	while (request->done < request->count && status == MOTE_MSHV_SUCCESS) {
		const struct mote_mshv_register *reg = &registers[request->done];

		mshv_arch_settle(vp, reg->name);
		status = MOTE_MSHV_INVALID_PARAMETER;
		if (reg->zero_1 == 0 && reg->zero_2 == 0)
			status = mshv_arch_set(vp, reg->name, &reg->value);
		if (status == MOTE_MSHV_SUCCESS)
			request->done++;
	}
	mshv_arch_publish(vp);
	return end_registers(request, vp, status);
}

/* ---- Others ---------------------------------------------------------------------------------- */

static uint16_t get_property(struct request *request)
{
	const struct mote_mshv_property *in = (const void *)request->in;

	return mshv_get_property(request->partition, in->code, (uint64_t *)(void *)request->out);
}

static uint16_t set_property(struct request *request)
{
	const struct mote_mshv_property *in = (const void *)request->in;

	if (in->zero != 0)
		return MOTE_MSHV_INVALID_PARAMETER;
	return mshv_set_property(request->partition, in->code, in->value);
}

static uint16_t get_property_ex(struct request *request)
{
	const struct mote_mshv_property *in = (const void *)request->in;
	struct {
		uint16_t banks;
		uint8_t reserved[6];
		uint64_t bank;
	} out = {.banks = 1};

	if (in->code == MSHV_PROPERTY_EX_ASSIGNABLE_SYNTHETIC)
		out.bank = ~0ull;
	else if (in->code != MSHV_PROPERTY_EX_CAPABILITIES)
		return MOTE_MSHV_UNKNOWN_PROPERTY;
	memcpy(request->out, &out, sizeof(out));
	return MOTE_MSHV_SUCCESS;
}

enum { LAST_INTERCEPT = 12, VECTORS = 32, ACCESS_EXECUTE = 4 };

static uint16_t install_intercept(struct request *request)
{
	const struct mote_mshv_intercept *in = (const void *)request->in;
	const uint16_t vector = (uint16_t)in->parameter;

	if (in->type > LAST_INTERCEPT)
		return MOTE_MSHV_INVALID_PARAMETER;
	if (in->type != MOTE_MSHV_INTERCEPT_EXCEPTION)
		return MOTE_MSHV_SUCCESS;
	if (vector >= VECTORS)
		return MOTE_MSHV_INVALID_PARAMETER;
	if (!mshv_arch_can_intercept(vector))
		return MOTE_MSHV_OPERATION_DENIED;
	if (in->access & ACCESS_EXECUTE)
		atomic_fetch_or(&request->partition->vectors, 1u << vector);
	else
		atomic_fetch_and(&request->partition->vectors, ~(1u << vector));
	return MOTE_MSHV_SUCCESS;
}

static uint16_t translate(struct request *request)
{
	const struct mote_mshv_translate *in = (const void *)request->in;
	struct mote_mshv_translated out = {.result = 1};
	struct vp *vp = mshv_find_vp(request->partition, in->vp);
	uint64_t gpa;

	if (!vp)
		return MOTE_MSHV_INVALID_VP;
	if (mshv_arch_translate(vp, in->page << MOTE_HYPERV_FRAME_SHIFT, &gpa))
		out = (struct mote_mshv_translated){.frame = gpa >> MOTE_HYPERV_FRAME_SHIFT};
	memcpy(request->out, &out, sizeof(out));
	return MOTE_MSHV_SUCCESS;
}

enum { CPUID_HEAD = 24, CPUID_LEAF = 24, CPUID_VALUES = 16 };

static uint16_t get_cpuid(struct request *request)
{
	uint16_t status = MOTE_MSHV_SUCCESS;
	uint32_t vp, leaf[2], registers[4];

	memcpy(&vp, request->in + 8, sizeof(vp));
	if (!mshv_find_vp(request->partition, vp))
		return MOTE_MSHV_INVALID_VP;
	while (request->done < request->count && status == MOTE_MSHV_SUCCESS) {
		memcpy(leaf, request->in + CPUID_HEAD + CPUID_LEAF * request->done, sizeof(leaf));
		status = mshv_arch_cpuid(leaf[0], leaf[1], registers);
		if (status == MOTE_MSHV_SUCCESS)
			memcpy(request->out + CPUID_VALUES * request->done++, registers,
			       CPUID_VALUES);
	}
	return status;
}

static uint16_t accept(struct request *request)
{
	(void)request;
	return MOTE_MSHV_SUCCESS;
}

static uint16_t assert_interrupt(struct request *request)
{
	return request->partition->has_lapic ? MOTE_MSHV_SUCCESS
					     : MOTE_MSHV_INVALID_PARTITION_STATE;
}

/* ---- The table ------------------------------------------------------------------------------- */

enum { VM = MSHV_PARTITION | MSHV_VP };

static const struct call calls[] = {
	{MOTE_MSHV_CALL_GET_PROPERTY, "GET_PARTITION_PROPERTY", 16, 0, 8, 0, MSHV_ALL, false,
	 SIM_MSHV_6_15, get_property},
	{MOTE_MSHV_CALL_SET_PROPERTY, "SET_PARTITION_PROPERTY", 24, 0, 0, 0, MSHV_PARTITION, false,
	 SIM_MSHV_6_15, set_property},
	{MOTE_MSHV_CALL_INSTALL_INTERCEPT, "INSTALL_INTERCEPT", 24, 0, 0, 0, VM, false,
	 SIM_MSHV_6_15, install_intercept},
	{MOTE_MSHV_CALL_GET_REGISTERS, "GET_VP_REGISTERS", 16, 4, 0, 16, VM, true, SIM_MSHV_6_15,
	 get_registers},
	{MOTE_MSHV_CALL_SET_REGISTERS, "SET_VP_REGISTERS", 16, 32, 0, 0, VM, true, SIM_MSHV_6_15,
	 set_registers},
	{MOTE_MSHV_CALL_TRANSLATE, "TRANSLATE_VIRTUAL_ADDRESS", 32, 0, 16, 0, VM, false,
	 SIM_MSHV_6_15, translate},
	{MOTE_MSHV_CALL_GET_CPUID, "GET_VP_CPUID_VALUES", CPUID_HEAD, CPUID_LEAF, 0, CPUID_VALUES,
	 VM, true, SIM_MSHV_6_15, get_cpuid},
	{MSHV_CALL_CLEAR_INTERRUPT, "CLEAR_VIRTUAL_INTERRUPT", 8, 0, 0, 0, VM, false, SIM_MSHV_6_15,
	 accept},
	{MSHV_CALL_INTERCEPT_RESULT, "REGISTER_INTERCEPT_RESULT", 8, 0, 0, 0, VM, false,
	 SIM_MSHV_6_15, accept},
	{MSHV_CALL_ASSERT_INTERRUPT, "ASSERT_VIRTUAL_INTERRUPT", 8, 0, 0, 0, VM, false,
	 SIM_MSHV_6_15, assert_interrupt},
	{MSHV_CALL_GET_ACCESS_STATES, "GET_GPA_PAGES_ACCESS_STATES", 8, 0, 0, 0, VM, true,
	 SIM_MSHV_6_15, accept},
	{MSHV_CALL_SIGNAL_EVENT, "SIGNAL_EVENT_DIRECT", 8, 0, 0, 0, VM, false, SIM_MSHV_6_15,
	 accept},
	{MSHV_CALL_POST_MESSAGE, "POST_MESSAGE_DIRECT", 8, 0, 0, 0, VM, false, SIM_MSHV_6_15,
	 accept},
	{MSHV_CALL_GET_PROPERTY_EX, "GET_PARTITION_PROPERTY_EX", 16, 0, 16, 0, MSHV_ALL, false,
	 SIM_MSHV_6_19, get_property_ex},
};

/* NULL: the driver does not pass it on. */
static const struct call *find_call(const struct file *file, uint16_t code)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].code == code && calls[i].files & file->kind &&
		    sim_mshv_rules()->kernel >= calls[i].since)
			return &calls[i];
	return NULL;
}

static bool is_hypercall(const struct mote_mshv_hypercall *hypercall)
{
	static const uint8_t zero[sizeof(hypercall->reserved)];

	return hypercall->status == 0 && memcmp(hypercall->reserved, zero, sizeof(zero)) == 0 &&
	       hypercall->in != 0 && hypercall->in_bytes >= sizeof(uint64_t) &&
	       hypercall->in_bytes <= MOTE_MSHV_INPUT_BYTES &&
	       (hypercall->out == 0 ||
		(hypercall->out_bytes != 0 && hypercall->out_bytes <= MOTE_MSHV_INPUT_BYTES));
}

static void check_sizes(const struct call *call, const struct mote_mshv_hypercall *hypercall)
{
	const uint32_t in = call->in_bytes + (uint32_t)call->in_each * hypercall->count;
	const uint32_t out = call->out_bytes + (uint32_t)call->out_each * hypercall->count;
	const uint32_t given = hypercall->out != 0 ? hypercall->out_bytes : 0;

	if (hypercall->in_bytes < in)
		mshv_violation("%s has %u bytes of input and needs %u", call->name,
			       hypercall->in_bytes, in);
	if (given < out)
		mshv_violation("%s has %u bytes for its output and needs %u", call->name, given,
			       out);
}

/* How many a repeated call does before the hypervisor has no memory: the driver gives it some, and
 * has the caller go on. */
static uint16_t count_of(const struct call *call, uint16_t count)
{
	static _Atomic unsigned repeated_calls;
	const struct sim_mshv_rules *rules = sim_mshv_rules();

	if (rules->partial == 0 || rules->kernel >= SIM_MSHV_6_19 ||
	    (call->serve != get_registers && call->serve != set_registers &&
	     call->serve != get_cpuid))
		return count;
	return (atomic_fetch_add(&repeated_calls, 1) + 1) % rules->partial == 0 ? count / 2 : count;
}

static uint16_t serve(const struct call *call, struct request *request, uint16_t count)
{
	uint16_t status;

	if ((count != 0) != call->is_repeated)
		return MOTE_MSHV_INVALID_INPUT;
	request->count = count_of(call, count);
	status = call->serve(request);
	if (status == MOTE_MSHV_SUCCESS && request->count != count)
		return MOTE_MSHV_INSUFFICIENT_MEMORY;
	return status;
}

static long error_of(uint16_t status)
{
	switch (status) {
	case MOTE_MSHV_SUCCESS:
		return 0;
	case MOTE_MSHV_INVALID_CODE:
	case MOTE_MSHV_INVALID_INPUT:
	case MOTE_MSHV_INVALID_PARAMETER:
	case MOTE_MSHV_INVALID_PARTITION:
	case MOTE_MSHV_INVALID_VP:
		return -EINVAL;
	case MOTE_MSHV_INSUFFICIENT_MEMORY:
		return -EAGAIN;
	default:
		return -EIO;
	}
}

long mshv_hypercall(struct file *file, struct mote_mshv_hypercall *hypercall)
{
	_Alignas(8) uint8_t in[MOTE_MSHV_INPUT_BYTES] = {0}, out[MOTE_MSHV_INPUT_BYTES] = {0};
	struct request request = {.file = file, .partition = file->partition, .in = in, .out = out};
	const struct call *call;

	if (!is_hypercall(hypercall))
		return -EINVAL;
	call = find_call(file, hypercall->code);
	if (!call)
		return -EINVAL;
	check_sizes(call, hypercall);
	memcpy(in, (const void *)(uintptr_t)hypercall->in, hypercall->in_bytes);
	hypercall->status = serve(call, &request, hypercall->count);
	hypercall->count = request.done;
	if (hypercall->out != 0)
		memcpy((void *)(uintptr_t)hypercall->out, out, hypercall->out_bytes);
	return error_of(hypercall->status);
}
