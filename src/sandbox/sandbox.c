/* SPDX-License-Identifier: Apache-2.0
 *
 * Creates and destroys sandboxes: options, memory, VM.
 */
#include <stdatomic.h>
#include <string.h>

#include "error_internal.h"
#include "options.h"
#include "sandbox/loader.h"
#include "sandbox/pool_internal.h"
#include "sandbox/sandbox_internal.h"
#include "sandbox/snapshot_internal.h"
#include "text/text.h"

/* ---- Layout -------------------------------------------------------------------------------- */

/* Reserves guest-physical addresses for RAM and what is below it: where stores are doorbells, they
 * go there, so nothing may be mapped there. */
static mote_status place_ram(mote_sandbox *sandbox, mote_error *error)
{
	struct mote_vm *vm = sandbox->vm.vm;
	struct mote_layout *layout = &sandbox->layout;
	mote_status status =
		vm->ops->reserve_gpa(vm, 0, mote_layout_ram_end(layout), &vm->address_base, error);

	if (status == MOTE_OK)
		layout->ram_gpa = vm->address_base + MOTE_RAM_GVA;
	return status;
}

/* ---- Memory and VM ----------------------------------------------------------------------- */

static void *host(const mote_sandbox *sandbox, uint64_t gva, uint64_t bytes)
{
	return mote_layout_host(&sandbox->layout, sandbox->ram.hva, gva, bytes);
}

/* options: NULL where it shows a base, whose pages are what it has at first. */
static unsigned memory_flags(const mote_sandbox *sandbox, const mote_sandbox_options *options)
{
	unsigned flags = mote_engine_memory_flags(sandbox->engine);

	if (sandbox->dump_guest_memory)
		flags |= MOTE_OS_MEMORY_DUMP;
	if (options != NULL && options->populate)
		flags |= MOTE_OS_MEMORY_POPULATE;
	if (options != NULL && options->huge_pages)
		flags |= MOTE_OS_MEMORY_HUGE;
	return flags;
}

static void view_mailbox(mote_sandbox *sandbox)
{
	uint64_t gva = sandbox->layout.regions[MOTE_LAYOUT_MAILBOX].gva;
	uint64_t data_bytes = sandbox->layout.data_bytes;

	sandbox->mailbox =
		mote_mailbox_view(host(sandbox, gva, MOTE_PAGE_BYTES),
				  host(sandbox, gva + MOTE_PAGE_BYTES, data_bytes),
				  host(sandbox, gva + MOTE_PAGE_BYTES + data_bytes, data_bytes),
				  (size_t)data_bytes);
}

static mote_status set_up_vm(mote_sandbox *sandbox, const struct mote_loader *loader,
			     mote_error *error)
{
	const struct mote_layout *layout = &sandbox->layout;
	const struct mote_layout_region *stack = &layout->regions[MOTE_LAYOUT_STACK];
	const struct mote_sandbox_vm_setup setup = {
		.ram =
			{
				.gpa = layout->ram_gpa,
				.hva = sandbox->ram.hva,
				.bytes = sandbox->ram.bytes,
				.handle = sandbox->ram.handle,
				.handle_offset = sandbox->ram.offset,
				.flags = MOTE_REGION_READ | MOTE_REGION_WRITE | MOTE_REGION_EXECUTE,
				.kind = MOTE_REGION_RAM,
			},
		.monitor = loader->monitor,
		.start =
			{
				.entry = sandbox->image->elf.entry + layout->image_bias,
				.stack = stack->gva + stack->bytes,
				.argument = layout->regions[MOTE_LAYOUT_MAILBOX].gva,
				.thread_pointer = layout->regions[MOTE_LAYOUT_THREAD].gva +
						  layout->thread.pointer,
				.root_gpa = loader->tables.gpa,
				.forbid_timestamp = sandbox->forbid_timestamp,
			},
	};

	return mote_sandbox_vm_set_up(&sandbox->vm, &setup, error);
}

/* What a sandbox is created from. */
struct source {
	mote_engine *engine;
	mote_image *image;
	mote_snapshot *snapshot; /* NULL: the image alone */
	bool is_unlinked;	 /* without the imports: it never runs */
};

/* Where the guest follows the host's copy-on-write, its memory need not be shareable, which is
 * dearer. */
static mote_status make_ram(mote_sandbox *sandbox, const mote_snapshot *snapshot,
			    const mote_sandbox_options *options, mote_error *error)
{
	const unsigned flags = memory_flags(sandbox, snapshot == NULL ? options : NULL);
	const struct mote_os_memory *base = snapshot != NULL ? &snapshot->memory : NULL;
	const uint64_t bytes = sandbox->layout.ram_bytes;
	const mote_engine *engine = sandbox->engine;

	if (!engine->hypervisor->capabilities.host_cow)
		return mote_os_memory_create(bytes, flags, "guest memory", &sandbox->ram, error);
	return mote_os_memory_create_private(bytes, flags, base, engine->page_map, "guest memory",
					     &sandbox->ram, error);
}

/* The VM, and the memory that will be mapped into it. */
static mote_status make_memory(mote_sandbox *sandbox, const struct source *source,
			       const mote_sandbox_options *options, mote_error *error)
{
	mote_status status = MOTE_OK;

	if (!source->is_unlinked)
		status = mote_sandbox_resolve_imports(sandbox, error);
	if (status == MOTE_OK)
		status = mote_sandbox_vm_create(sandbox->engine->hypervisor, &sandbox->vm, error);
	if (status == MOTE_OK && source->snapshot != NULL)
		sandbox->layout = source->snapshot->layout;
	else if (status == MOTE_OK)
		status = mote_sandbox_compute_layout(sandbox->image, options,
						     mote_engine_page_bytes(sandbox->engine),
						     &sandbox->layout, error);
	if (status == MOTE_OK)
		status = place_ram(sandbox, error);
	if (status == MOTE_OK)
		status = make_ram(sandbox, source->snapshot, options, error);
	if (status == MOTE_OK)
		view_mailbox(sandbox);
	return status;
}

static mote_status build_from_image(mote_sandbox *sandbox, struct mote_loader *loader,
				    mote_error *error)
{
	mote_status status = mote_engine_random(sandbox->engine, loader->random,
						MOTE_LOADER_RANDOM_WORDS, error);

	if (status == MOTE_OK)
		status = mote_loader_load(loader, error);
	sandbox->tables = loader->tables;
	return status == MOTE_OK ? set_up_vm(sandbox, loader, error) : status;
}

/* The tables are this sandbox's own, and writes are tracked from the beginning. */
static mote_status fill_from_snapshot(mote_sandbox *sandbox, struct mote_loader *loader,
				      mote_snapshot *snapshot, mote_error *error)
{
	mote_status status = mote_loader_load_tables(loader, error);

	sandbox->tables = loader->tables;
	if (status != MOTE_OK)
		return status;
	mote_snapshot_fill(snapshot, sandbox->ram.hva);
	sandbox->vm.monitor = loader->monitor;
	if (sandbox->origin != NULL)
		status = mote_origin_begin_again(sandbox, error);
	if (status == MOTE_OK)
		status = mote_origin_set(sandbox, snapshot, error);
	return status == MOTE_OK ? mote_origin_renew(sandbox, error) : status;
}

static mote_status build_from_snapshot(mote_sandbox *sandbox, struct mote_loader *loader,
				       mote_snapshot *snapshot, mote_error *error)
{
	mote_status status = fill_from_snapshot(sandbox, loader, snapshot, error);

	if (status == MOTE_OK)
		status = set_up_vm(sandbox, loader, error);
	if (status == MOTE_OK)
		status = mote_sandbox_vm_load(&sandbox->vm, &snapshot->vcpu,
					      sandbox->layout.ram_gpa == snapshot->layout.ram_gpa,
					      error);
	return status == MOTE_OK ? mote_vcpu_park(sandbox->vm.vm, error) : status;
}

mote_status mote_sandbox_make_anew(mote_sandbox *sandbox, mote_snapshot *snapshot,
				   mote_error *error)
{
	struct mote_loader loader = {
		.image = sandbox->image,
		.layout = &sandbox->layout,
		.ram = sandbox->ram.hva,
	};
	mote_status status = mote_os_memory_drop(&sandbox->ram, "guest memory", error);

	if (status == MOTE_OK)
		status = fill_from_snapshot(sandbox, &loader, snapshot, error);
	return status == MOTE_OK ? mote_vcpu_park(sandbox->vm.vm, error) : status;
}

static mote_status build(mote_sandbox *sandbox, const struct source *source,
			 const mote_sandbox_options *options, mote_error *error)
{
	struct mote_loader loader = {
		.image = sandbox->image,
		.layout = &sandbox->layout,
		.log_level = options->log_level,
	};
	mote_status status = make_memory(sandbox, source, options, error);

	if (status != MOTE_OK)
		return status;
	loader.ram = sandbox->ram.hva;
	if (source->snapshot != NULL)
		return build_from_snapshot(sandbox, &loader, source->snapshot, error);
	return build_from_image(sandbox, &loader, error);
}

/* ---- Life -------------------------------------------------------------------------------- */

void mote_sandbox_free(mote_sandbox *sandbox)
{
	mote_engine *engine = sandbox->engine;
	const mote_allocator *allocator = &engine->allocator;
	struct mote_pool_place *place = sandbox->place;

	mote_sandbox_debug_free(sandbox);
	mote_deadlines_forget(engine->deadlines, &sandbox->watch, mote_engine_forked(engine));
	mote_sandbox_vm_destroy(&sandbox->vm);
	if (sandbox->debug != NULL)
		sandbox->debug_ops->free(sandbox->debug);
	mote_origin_free(sandbox);
	mote_sandbox_release_buffers(sandbox);
	if (mote_engine_forked(engine))
		mote_os_memory_forget(&sandbox->ram);
	else
		mote_os_memory_destroy(&sandbox->ram);
	for (size_t i = 0; i < sandbox->function_count; i++)
		if (sandbox->functions[i].destroy != NULL)
			sandbox->functions[i].destroy(sandbox->functions[i].user);
	mote_release(allocator, sandbox->functions);
	mote_release(allocator, sandbox->imports);
	mote_release(allocator, sandbox->core);
	mote_release(allocator, sandbox->result_space.bytes);
	mote_release(allocator, sandbox->host_call_space.bytes);
	mote_image_release(sandbox->image);
	mote_release(allocator, sandbox);
	if (place != NULL)
		mote_pool_vacate(place);
	mote_engine_release(engine);
}

static mote_status check_create(const mote_engine *engine, const mote_image *image,
				mote_sandbox **sandbox, mote_error *error)
{
	if (engine == NULL || image == NULL || sandbox == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "sandbox: NULL argument");
	if (mote_engine_forked(engine))
		return mote_fail(
			error, MOTE_FORKED,
			"this engine belongs to the parent process; create one after fork");
	if (image->elf.machine != MOTE_ARCH_MACHINE)
		return mote_fail(
			error, MOTE_WRONG_MACHINE,
			"guest image %s is for %s, this host is %s; rebuild it for this host",
			image->name, mote_machine_name(image->elf.machine),
			mote_machine_name(MOTE_ARCH_MACHINE));
	return MOTE_OK;
}

/* options: taken. */
static mote_status create(const struct source *source, const mote_sandbox_options *options,
			  mote_sandbox **sandbox, mote_error *error)
{
	mote_engine *engine = source->engine;
	mote_sandbox *created = mote_allocate(&engine->allocator, sizeof(*created));
	mote_status status;

	if (created == NULL)
		return mote_fail_memory(error, "sandbox");
	atomic_init(&created->use, MOTE_SANDBOX_IDLE);
	created->engine = mote_engine_retain(engine);
	created->image = mote_image_retain(source->image);
	created->log_level = options->log_level;
	created->forbid_timestamp = options->forbid_timestamp;
	created->dump_guest_memory = options->dump_guest_memory;
	created->tell_time = options->tell_time;
	created->wall_ns = options->wall_ns != MOTE_NO_DEADLINE ? options->wall_ns : 0;
	created->cpu_ns = options->cpu_ns != MOTE_NO_DEADLINE ? options->cpu_ns : 0;
	status = mote_sandbox_register_functions(created, options, error);
	if (status == MOTE_OK)
		status = build(created, source, options, error);
	if (status != MOTE_OK) {
		mote_sandbox_free(created);
		return status;
	}
	created->watch.interrupt = mote_sandbox_get_interrupt(created);
	created->watch.guest_clock = created->vm.vm->guest_clock;
	mote_sandbox_own_users(created, options);
	*sandbox = created;
	return MOTE_OK;
}

static mote_status create_from_image(const struct source *source,
				     const mote_sandbox_options *options, mote_sandbox **sandbox,
				     mote_error *error)
{
	mote_sandbox_options taken;
	mote_status status = check_create(source->engine, source->image, sandbox, error);

	if (status == MOTE_OK)
		status = mote_sandbox_take_options(options, &taken, error);
	return status == MOTE_OK ? create(source, &taken, sandbox, error) : status;
}

mote_status mote_sandbox_create(mote_engine *engine, mote_image *image,
				const mote_sandbox_options *options, mote_sandbox **sandbox,
				mote_error *error)
{
	return create_from_image(&(const struct source){.engine = engine, .image = image}, options,
				 sandbox, error);
}

mote_status mote_sandbox_create_unlinked(mote_engine *engine, mote_image *image,
					 const mote_sandbox_options *options,
					 mote_sandbox **sandbox, mote_error *error)
{
	const struct source source = {.engine = engine, .image = image, .is_unlinked = true};

	return create_from_image(&source, options, sandbox, error);
}

mote_status mote_sandbox_create_from_snapshot(mote_snapshot *snapshot,
					      const mote_sandbox_options *options,
					      mote_sandbox **sandbox, mote_error *error)
{
	mote_sandbox_options taken;
	mote_status status;

	if (snapshot == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "snapshot is NULL");
	status = check_create(snapshot->engine, snapshot->image, sandbox, error);
	if (status == MOTE_OK)
		status = mote_sandbox_take_options(options, &taken, error);
	if (status == MOTE_OK)
		status = mote_snapshot_check_options(snapshot, &taken, error);
	if (status != MOTE_OK)
		return status;
	taken.forbid_timestamp = snapshot->forbid_timestamp;
	return create(&(const struct source){snapshot->engine, snapshot->image, snapshot, false},
		      &taken, sandbox, error);
}

mote_status mote_sandbox_create_from_file(mote_engine *engine, const char *path,
					  const mote_sandbox_options *options,
					  mote_sandbox **sandbox, mote_error *error)
{
	mote_image *image;
	mote_status status;

	if (engine == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "sandbox: NULL argument");
	status = mote_image_open(engine, path, &image, error);
	if (status != MOTE_OK)
		return status;
	status = mote_sandbox_create(engine, image, options, sandbox, error);
	mote_image_release(image);
	return status;
}

mote_status mote_sandbox_create_from_bytes(mote_engine *engine, const void *data, size_t length,
					   const mote_sandbox_options *options,
					   mote_sandbox **sandbox, mote_error *error)
{
	mote_image *image;
	mote_status status;

	if (engine == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "sandbox: NULL argument");
	status = mote_image_from_bytes(engine, data, length, NULL, &image, error);
	if (status != MOTE_OK)
		return status;
	status = mote_sandbox_create(engine, image, options, sandbox, error);
	mote_image_release(image);
	return status;
}

void mote_sandbox_destroy(mote_sandbox *sandbox)
{
	mote_interrupt *interrupt;

	if (sandbox == NULL)
		return;
	mote_sandbox_debug_doom(sandbox);
	/* As soon as the sandbox is doomed, the call in progress may end and free it. */
	interrupt = mote_interrupt_retain(sandbox->watch.interrupt);
	if (mote_sandbox_doom(sandbox))
		mote_interrupt_kill(interrupt);
	else
		mote_sandbox_free(sandbox);
	mote_interrupt_release(interrupt);
}

/* ---- Questions --------------------------------------------------------------------------- */

static mote_status fail_find(const mote_image *image, const char *name, mote_error *error)
{
	if (image->export_count == 0 && image->import_count == 0)
		return mote_fail(error, MOTE_NOT_FOUND,
				 "guest image %s exports no function and imports none: the linker "
				 "dropped them, or could not read the objects; use the linker that "
				 "belongs to the compiler (lld cannot read those of gcc -flto)",
				 image->name);
	return mote_fail(error, MOTE_NOT_FOUND,
			 "guest image %s exports no function %s; mote inspect lists them",
			 image->name, mote_text_short(name).text);
}

mote_status mote_sandbox_find(const mote_sandbox *sandbox, const char *name, const char *signature,
			      mote_function *function, mote_error *error)
{
	const mote_image *image;
	mote_signature wanted;
	char has[MOTE_SIGNATURE_TEXT_BYTES];
	mote_status status;
	size_t i = 0;

	if (sandbox == NULL || name == NULL || function == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "guest function: NULL argument");
	image = sandbox->image;
	while (i < image->export_count && strcmp(image->exports[i].name, name) != 0)
		i++;
	if (i == image->export_count)
		return fail_find(image, name, error);
	if (signature != NULL) {
		status = mote_signature_parse(signature, &wanted, error);
		if (status != MOTE_OK)
			return status;
		mote_signature_format(&image->exports[i].signature, has);
		if (!mote_signature_is_equal(&wanted, &image->exports[i].signature))
			return mote_fail(error, MOTE_SIGNATURE,
					 "guest function %s is %s, not %.120s", name, has,
					 signature);
	}
	function->image = image->serial;
	function->index = (uint32_t)i;
	function->signature = image->exports[i].signature;
	return MOTE_OK;
}

bool mote_sandbox_is_poisoned(const mote_sandbox *sandbox)
{
	return sandbox->poisoned;
}

mote_interrupt *mote_sandbox_get_interrupt(mote_sandbox *sandbox)
{
	return sandbox->vm.vm->interrupt;
}

mote_image *mote_sandbox_get_image(const mote_sandbox *sandbox)
{
	return sandbox->image;
}

mote_status mote_sandbox_get_native_handle(const mote_sandbox *sandbox,
					   mote_native_handle_kind kind, uintptr_t *handle,
					   mote_error *error)
{
	struct mote_vm *vm = sandbox->vm.vm;

	return vm->ops->native_handle(vm, kind, handle, error);
}

mote_status mote_sandbox_get_statistics(const mote_sandbox *sandbox,
					mote_sandbox_statistics *statistics, mote_error *error)
{
	static const struct mote_structure structure = {
		"sandbox statistics", "MOTE_SANDBOX_STATISTICS_INIT", sizeof(*statistics)};
	mote_sandbox_statistics ours = sandbox->statistics;

	ours.size = sizeof(ours);
	ours.exits = sandbox->vm.exits;
	ours.traps = sandbox->vm.tracking != NULL ? sandbox->vm.tracking->traps : 0;
	return mote_structure_give(&structure, &ours, statistics, error);
}
