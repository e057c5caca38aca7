/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads guest images: the file or bytes, the ELF structure (elf.c), the notes
 * and tables of the guest ABI (mote/abi.h).
 */
#include "sandbox/image_internal.h"

#include <stdatomic.h>
#include <string.h>

#include "engine_internal.h"
#include "error_internal.h"
#include "options.h"
#include "os/os_file.h"
#include "os/os_random.h"

enum {
	MAXIMUM_FUNCTIONS = 4096, /* per table */
	MAXIMUM_IMAGE_BYTES = 1 << 30,
};

/* ---- The tables of functions ------------------------------------------------------------- */

/* The common beginning of export and import records. */
struct record {
	char name[MOTE_ABI_NAME_BYTES];
	uint8_t result, argument_count, arguments[MOTE_ABI_MAXIMUM_ARGUMENTS];
};

_Static_assert(offsetof(struct record, result) == offsetof(struct mote_abi_export, result), "");
_Static_assert(offsetof(struct record, result) == offsetof(struct mote_abi_import, result), "");

struct table {
	const char *what;
	uint64_t begin, end; /* addresses */
	size_t record_bytes;
};

static mote_status bad(const mote_image *image, mote_error *error, const char *what)
{
	return mote_fail(error, MOTE_BAD_IMAGE, "guest image %s: %s", image->name, what);
}

static mote_status bad_record(const mote_image *image, const struct table *table, size_t index,
			      const char *what, mote_error *error)
{
	return mote_fail(error, MOTE_BAD_IMAGE, "guest image %s: %s %zu: %s", image->name,
			 table->what, index, what);
}

static bool is_name(const char *name)
{
	size_t length = 0;

	while (length < MOTE_ABI_NAME_BYTES && name[length] > 0x20 && name[length] < 0x7f)
		length++;
	return length > 0 && length < MOTE_ABI_NAME_BYTES && name[length] == '\0';
}

static const char *check_types(const struct record *record)
{
	if (record->argument_count > MOTE_MAXIMUM_ARGUMENTS)
		return "too many arguments";
	if (record->result >= MOTE_TYPE_COUNT)
		return "unknown result type";
	for (unsigned i = 0; i < record->argument_count; i++)
		if (record->arguments[i] == MOTE_TYPE_VOID ||
		    record->arguments[i] >= MOTE_TYPE_COUNT)
			return "unknown argument type";
	return NULL;
}

static mote_status read_record(const mote_image *image, const struct table *table, size_t index,
			       const uint8_t *at, mote_image_function *function, mote_error *error)
{
	struct record record;
	const char *problem;

	memcpy(&record, at, sizeof(record));
	if (!is_name(record.name))
		return bad_record(image, table, index, "its name is empty, too long or unprintable",
				  error);
	problem = check_types(&record);
	if (problem != NULL)
		return bad_record(image, table, index, problem, error);
	function->name = (const char *)at;
	function->signature.result = record.result;
	function->signature.argument_count = record.argument_count;
	memcpy(function->signature.arguments, record.arguments, record.argument_count);
	return MOTE_OK;
}

static mote_status read_table(mote_image *image, const struct table *table,
			      mote_image_function **functions, size_t *count, mote_error *error)
{
	uint64_t bytes = table->end - table->begin;
	uint64_t offset;
	size_t records;
	mote_status status = MOTE_OK;

	if (bytes == 0)
		return MOTE_OK;
	if (table->end < table->begin || bytes % table->record_bytes != 0 ||
	    bytes / table->record_bytes > MAXIMUM_FUNCTIONS ||
	    !mote_elf_file_offset(&image->elf, table->begin, bytes, &offset))
		return mote_fail(error, MOTE_BAD_IMAGE,
				 "guest image %s: its table of %ss is out of range", image->name,
				 table->what);
	records = (size_t)(bytes / table->record_bytes);
	*functions = mote_allocate(&image->allocator, records * sizeof(**functions));
	if (*functions == NULL)
		return mote_fail_memory(error, "function table");
	for (size_t i = 0; status == MOTE_OK && i < records; i++)
		status = read_record(image, table, i,
				     image->bytes + offset + i * table->record_bytes,
				     &(*functions)[i], error);
	*count = records;
	return status;
}

/* Sifts the export at index root down in a heap of count exports, the last name first. */
static void sift_down(const mote_image_function **heap, size_t root, size_t count)
{
	for (size_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
		const mote_image_function *moved = heap[root];

		if (child + 1 < count && strcmp(heap[child]->name, heap[child + 1]->name) < 0)
			child++;
		if (strcmp(moved->name, heap[child]->name) >= 0)
			return;
		heap[root] = heap[child];
		heap[child] = moved;
		root = child;
	}
}

/* Heap sort needs no extra memory and is never quadratic, whatever the names are. */
static void sort_by_name(const mote_image_function **functions, size_t count)
{
	for (size_t i = count / 2; i-- > 0;)
		sift_down(functions, i, count);
	for (size_t last = count; last-- > 1;) {
		const mote_image_function *moved = functions[0];

		functions[0] = functions[last];
		functions[last] = moved;
		sift_down(functions, 0, last);
	}
}

static mote_status check_duplicates(const mote_image *image, mote_error *error)
{
	const mote_image_function **sorted;
	mote_status status = MOTE_OK;

	if (image->export_count == 0)
		return MOTE_OK;
	sorted = mote_allocate(&image->allocator, image->export_count * sizeof(*sorted));
	if (sorted == NULL)
		return mote_fail_memory(error, "function table");
	for (size_t i = 0; i < image->export_count; i++)
		sorted[i] = &image->exports[i];
	sort_by_name(sorted, image->export_count);
	for (size_t i = 1; status == MOTE_OK && i < image->export_count; i++)
		if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
			status = mote_fail(error, MOTE_BAD_IMAGE,
					   "guest image %s: two exports are called %s", image->name,
					   sorted[i]->name);
	mote_release(&image->allocator, sorted);
	return status;
}

/* ---- Notes ------------------------------------------------------------------------------- */

struct notes {
	struct mote_abi_image_note image;
	uint64_t image_address; /* of the contents */
	struct mote_abi_needs_note needs;
	bool has_image, malformed;
};

static bool visit_note(void *user, const struct mote_elf_note *note)
{
	struct notes *notes = user;

	if (note->owner_bytes != sizeof(MOTE_ABI_NOTE_NAME) ||
	    memcmp(note->owner, MOTE_ABI_NOTE_NAME, sizeof(MOTE_ABI_NOTE_NAME)) != 0)
		return true;
	if (note->type == MOTE_ABI_NOTE_IMAGE && note->contents_bytes >= sizeof(notes->image)) {
		notes->malformed |= notes->has_image;
		notes->has_image = true;
		notes->image_address = note->contents_address;
		memcpy(&notes->image, note->contents, sizeof(notes->image));
	} else if (note->type == MOTE_ABI_NOTE_NEEDS &&
		   note->contents_bytes == sizeof(notes->needs)) {
		memcpy(&notes->needs, note->contents, sizeof(notes->needs));
	} else {
		notes->malformed = true;
	}
	return true;
}

static uint64_t note_target(const struct notes *notes, size_t field, int32_t distance)
{
	return notes->image_address + field + (uint64_t)(int64_t)distance;
}

static mote_status read_notes(mote_image *image, struct notes *notes, mote_error *error)
{
	if (!mote_elf_each_note(&image->elf, visit_note, notes) || notes->malformed)
		return bad(image, error, "malformed ELF note");
	if (!notes->has_image)
		return bad(image, error,
			   "no mote note, so it is not a mote guest; build it with the guest SDK");
	if (notes->image.abi_version != MOTE_ABI_VERSION)
		return mote_fail(error, MOTE_WRONG_ABI,
				 "guest image %s: built for guest ABI %u, this library has %u; "
				 "rebuild it with the matching guest SDK",
				 image->name, notes->image.abi_version, MOTE_ABI_VERSION);
	image->abi_version = notes->image.abi_version;
	image->heap_bytes = notes->needs.heap_bytes;
	image->stack_bytes = notes->needs.stack_bytes;
	return MOTE_OK;
}

static mote_status read_abi(mote_image *image, mote_error *error)
{
	struct notes notes = {0};
	const struct mote_abi_image_note *note = &notes.image;
	mote_status status = read_notes(image, &notes, error);
	struct table exports = {.what = "export", .record_bytes = sizeof(struct mote_abi_export)};
	struct table imports = {.what = "import", .record_bytes = sizeof(struct mote_abi_import)};

	if (status != MOTE_OK)
		return status;
	exports.begin = note_target(&notes, offsetof(struct mote_abi_image_note, exports_begin),
				    note->exports_begin);
	exports.end = note_target(&notes, offsetof(struct mote_abi_image_note, exports_end),
				  note->exports_end);
	imports.begin = note_target(&notes, offsetof(struct mote_abi_image_note, imports_begin),
				    note->imports_begin);
	imports.end = note_target(&notes, offsetof(struct mote_abi_image_note, imports_end),
				  note->imports_end);
	status = read_table(image, &exports, &image->exports, &image->export_count, error);
	if (status == MOTE_OK)
		status = read_table(image, &imports, &image->imports, &image->import_count, error);
	return status == MOTE_OK ? check_duplicates(image, error) : status;
}

/* ---- Life -------------------------------------------------------------------------------- */

static mote_status create(mote_engine *engine, const char *name, size_t length,
			  mote_image **created, mote_error *error)
{
	const mote_allocator *allocator =
		engine != NULL ? &engine->allocator : &mote_default_allocator;
	mote_image *image = mote_allocate(allocator, sizeof(*image));
	mote_status status;

	if (image == NULL)
		return mote_fail_memory(error, "guest image");
	atomic_init(&image->references, 1);
	atomic_init(&image->sha256_state, MOTE_IMAGE_SHA256_UNKNOWN);
	image->allocator = *allocator;
	image->engine = engine != NULL ? mote_engine_retain(engine) : NULL;
	image->given_name = mote_allocate(allocator, strlen(name) + 1);
	image->bytes = mote_allocate(allocator, length);
	if (image->given_name == NULL || image->bytes == NULL) {
		mote_image_release(image);
		return mote_fail_memory(error, "guest image");
	}
	memcpy(image->given_name, name, strlen(name) + 1);
	image->short_name = mote_text_short(name);
	image->name = image->short_name.text;
	status = mote_os_random(&image->serial, sizeof(image->serial), error);
	if (status != MOTE_OK) {
		mote_image_release(image);
		return status;
	}
	image->serial |= 1; /* 0 means no image */
	*created = image;
	return MOTE_OK;
}

static mote_status finish(mote_image *image, size_t length, mote_image **finished,
			  mote_error *error)
{
	mote_status status = mote_elf_parse(image->name, image->bytes, length, &image->elf, error);

	if (status == MOTE_OK)
		status = read_abi(image, error);
	if (status != MOTE_OK) {
		mote_image_release(image);
		return status;
	}
	*finished = image;
	return MOTE_OK;
}

mote_status mote_image_from_bytes(mote_engine *engine, const void *data, size_t length,
				  const char *name, mote_image **image, mote_error *error)
{
	mote_image *created;
	mote_status status;

	if (image == NULL || (data == NULL && length > 0))
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "guest image: NULL argument");
	if (name == NULL)
		name = "(bytes)";
	if (length > MAXIMUM_IMAGE_BYTES)
		return mote_fail(error, MOTE_BAD_IMAGE, "guest image %s: larger than 1 GiB",
				 mote_text_short(name).text);
	status = create(engine, name, length, &created, error);
	if (status != MOTE_OK)
		return status;
	if (length > 0)
		memcpy(created->bytes, data, length);
	return finish(created, length, image, error);
}

/* The header shows whether the rest, which may be huge, is worth reading. */
static mote_status check_file(const struct mote_os_file *file, const char *path, mote_error *error)
{
	uint8_t header[MOTE_ELF_HEADER_BYTES];
	size_t got;
	mote_status status = mote_os_file_read(file, 0, header, sizeof(header), &got, error);

	if (status == MOTE_OK)
		status = mote_elf_check_header(mote_text_short(path).text, header, got, error);
	if (status == MOTE_OK && file->bytes > MAXIMUM_IMAGE_BYTES)
		status = mote_fail(error, MOTE_BAD_IMAGE, "guest image %s: larger than 1 GiB",
				   mote_text_short(path).text);
	return status;
}

static mote_status read_image(mote_engine *engine, const struct mote_os_file *file,
			      const char *path, mote_image **image, mote_error *error)
{
	mote_image *created;
	size_t got;
	mote_status status = check_file(file, path, error);

	if (status == MOTE_OK)
		status = create(engine, path, (size_t)file->bytes, &created, error);
	if (status != MOTE_OK)
		return status;
	status = mote_os_file_read(file, 0, created->bytes, (size_t)file->bytes, &got, error);
	if (status != MOTE_OK) {
		mote_image_release(created);
		return status;
	}
	if (!mote_os_file_absolute(path, created->path, sizeof(created->path)))
		created->path[0] = '\0';
	return finish(created, got, image, error);
}

mote_status mote_image_open(mote_engine *engine, const char *path, mote_image **image,
			    mote_error *error)
{
	struct mote_os_file file;
	mote_status status;

	if (path == NULL || image == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "guest image: NULL argument");
	status = mote_os_file_open(path, &file, error);
	if (status != MOTE_OK)
		return status;
	status = read_image(engine, &file, path, image, error);
	mote_os_file_close(&file);
	return status;
}

mote_image *mote_image_retain(mote_image *image)
{
	atomic_fetch_add_explicit(&image->references, 1, memory_order_relaxed);
	return image;
}

void mote_image_release(mote_image *image)
{
	mote_allocator allocator;
	mote_engine *engine;

	if (image == NULL ||
	    atomic_fetch_sub_explicit(&image->references, 1, memory_order_acq_rel) != 1)
		return;
	allocator = image->allocator;
	engine = image->engine;
	mote_release(&allocator, image->exports);
	mote_release(&allocator, image->imports);
	mote_release(&allocator, image->given_name);
	mote_release(&allocator, image->bytes);
	mote_release(&allocator, image);
	mote_engine_release(engine);
}

/* ---- Inspection -------------------------------------------------------------------------- */

struct mote_elf_range mote_image_extent(const mote_image *image)
{
	const struct mote_elf *elf = &image->elf;
	const struct mote_elf_segment *last = &elf->segments[elf->segment_count - 1];

	return (struct mote_elf_range){
		.begin = elf->segments[0].address & ~(uint64_t)4095,
		.end = (last->address + last->memory_bytes + 4095) & ~(uint64_t)4095,
	};
}

mote_status mote_image_get_information(const mote_image *image, mote_image_information *information,
				       mote_error *error)
{
	static const struct mote_structure structure = {
		"image information", "MOTE_IMAGE_INFORMATION_INIT", sizeof(*information)};
	const mote_image_information ours = {
		.size = sizeof(ours),
		.name = image->given_name,
		.machine = image->elf.machine,
		.abi_version = image->abi_version,
		.position_independent = image->elf.position_independent,
		.entry = image->elf.entry,
		.heap_bytes = image->heap_bytes,
		.stack_bytes = image->stack_bytes,
		.export_count = image->export_count,
		.import_count = image->import_count,
		.segment_count = image->elf.segment_count,
		.symbol_count = mote_elf_function_count(&image->elf),
	};

	return mote_structure_give(&structure, &ours, information, error);
}

/* what: "export", "import" or "segment". */
static mote_status check_index(const mote_image *image, const char *what, size_t index,
			       size_t count, mote_error *error)
{
	if (index < count)
		return MOTE_OK;
	return mote_fail(error, MOTE_NOT_FOUND,
			 "guest image %s: %s %zu does not exist, there are %zu", image->name, what,
			 index, count);
}

static mote_status give_function(const mote_image_function *ours, mote_image_function *function,
				 mote_error *error)
{
	static const struct mote_structure structure = {
		"image function", "MOTE_IMAGE_FUNCTION_INIT", sizeof(*function)};

	return mote_structure_give(&structure, ours, function, error);
}

mote_status mote_image_get_export(const mote_image *image, size_t index,
				  mote_image_function *function, mote_error *error)
{
	mote_status status = check_index(image, "export", index, image->export_count, error);

	return status == MOTE_OK ? give_function(&image->exports[index], function, error) : status;
}

mote_status mote_image_get_import(const mote_image *image, size_t index,
				  mote_image_function *function, mote_error *error)
{
	mote_status status = check_index(image, "import", index, image->import_count, error);

	return status == MOTE_OK ? give_function(&image->imports[index], function, error) : status;
}

mote_status mote_image_get_segment(const mote_image *image, size_t index,
				   mote_image_segment *segment, mote_error *error)
{
	static const struct mote_structure structure = {"image segment", "MOTE_IMAGE_SEGMENT_INIT",
							sizeof(*segment)};
	mote_status status = check_index(image, "segment", index, image->elf.segment_count, error);
	const struct mote_elf_segment *from;

	if (status != MOTE_OK)
		return status;
	from = &image->elf.segments[index];
	return mote_structure_give(&structure,
				   &(const mote_image_segment){
					   .size = sizeof(*segment),
					   .address = from->address,
					   .memory_bytes = from->memory_bytes,
					   .file_bytes = from->file_bytes,
					   .readable = from->readable,
					   .writable = from->writable,
					   .executable = from->executable,
				   },
				   segment, error);
}
