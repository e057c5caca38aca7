/* SPDX-License-Identifier: Apache-2.0
 *
 * The dynamic section of an ELF file: accepts only relocations that add the load bias, as RELA
 * entries or packed (RELR).  Anything that needs a dynamic linker, or code of the guest, is refused
 * with advice.  System V ABI, chapter 5; "Relative relocation encoding (RELR)", generic ABI.
 */
#include "bytes.h"
#include "error_internal.h"
#include "sandbox/elf.h"
#include "sandbox/elf_format.h"

struct dynamic {
	uint64_t rela, rela_bytes, rela_entry_bytes;
	uint64_t jump, jump_bytes, jump_type;
	uint64_t relr, relr_bytes, relr_entry_bytes;
};

static mote_status bad(const struct mote_elf *elf, mote_error *error, const char *what)
{
	return mote_fail(error, MOTE_BAD_IMAGE, "guest image %s: %s", elf->name, what);
}

mote_status mote_elf_refuse_ifunc(const struct mote_elf *elf, const char *what, mote_error *error)
{
	return mote_fail(error, MOTE_BAD_IMAGE,
			 "guest image %s: has an IFUNC (%s), which nothing resolves in a guest; "
			 "build it without the attributes ifunc and target_clones",
			 elf->name, what);
}

static const char *read_entry(uint64_t tag, uint64_t value, struct dynamic *dynamic)
{
	switch (tag) {
	case DT_RELA:
		dynamic->rela = value;
		break;
	case DT_RELASZ:
		dynamic->rela_bytes = value;
		break;
	case DT_RELAENT:
		dynamic->rela_entry_bytes = value;
		break;
	case DT_JMPREL:
		dynamic->jump = value;
		break;
	case DT_PLTRELSZ:
		dynamic->jump_bytes = value;
		break;
	case DT_PLTREL:
		dynamic->jump_type = value;
		break;
	case DT_RELR:
		dynamic->relr = value;
		break;
	case DT_RELRSZ:
		dynamic->relr_bytes = value;
		break;
	case DT_RELRENT:
		dynamic->relr_entry_bytes = value;
		break;
	case DT_NEEDED:
		return "needs a shared library; link it statically (-static-pie -nostdlib)";
	case DT_RELSZ:
		return value > 0 ? "has relocations of a kind that this machine does not use; link "
				   "it with -static-pie"
				 : NULL;
	case DT_TEXTREL:
		return "has relocations in its code; compile with -fPIE";
	default:
		break;
	}
	return NULL;
}

static mote_status check_type(const struct mote_elf *elf, size_t index, uint64_t type,
			      mote_error *error)
{
	bool x86_64 = elf->machine == MOTE_MACHINE_X86_64;

	if (type == (x86_64 ? R_X86_64_RELATIVE : R_AARCH64_RELATIVE) || (uint32_t)type == R_NONE)
		return MOTE_OK;
	if (type == (x86_64 ? R_X86_64_IRELATIVE : R_AARCH64_IRELATIVE))
		return mote_elf_refuse_ifunc(
			elf, x86_64 ? "R_X86_64_IRELATIVE" : "R_AARCH64_IRELATIVE", error);
	return mote_fail(error, MOTE_BAD_IMAGE,
			 "guest image %s: relocation %zu has type %llu, which only a dynamic "
			 "linker can apply; link with -static-pie",
			 elf->name, index, (unsigned long long)type);
}

static const uint8_t *entry_at(const struct mote_elf *elf, const struct mote_elf_table *table,
			       size_t index, size_t bytes)
{
	return elf->bytes + table->offset + index * bytes;
}

/* Finds a table in the file; if its entries have types, all of them must be known. */
static mote_status take_table(struct mote_elf *elf, uint64_t address, uint64_t bytes,
			      uint64_t entry_bytes, uint64_t expected_bytes,
			      struct mote_elf_table *table, mote_error *error)
{
	if (bytes == 0)
		return MOTE_OK;
	if (entry_bytes != expected_bytes || bytes % expected_bytes != 0 ||
	    !mote_elf_file_offset(elf, address, bytes, &table->offset))
		return bad(elf, error, "relocation table out of range");
	table->count = (size_t)(bytes / expected_bytes);
	elf->work += table->count;
	return MOTE_OK;
}

static mote_status check_types(const struct mote_elf *elf, const struct mote_elf_table *table,
			       mote_error *error)
{
	mote_status status = MOTE_OK;

	for (size_t i = 0; status == MOTE_OK && i < table->count; i++)
		status = check_type(
			elf, i, mote_get64(entry_at(elf, table, i, RELA_BYTES) + RELA_INFO), error);
	return status;
}

static mote_status take_relocations(struct mote_elf *elf, const struct dynamic *dynamic,
				    mote_error *error)
{
	mote_status status = take_table(elf, dynamic->rela, dynamic->rela_bytes,
					dynamic->rela_entry_bytes, RELA_BYTES, &elf->rela, error);

	if (status == MOTE_OK && dynamic->jump_bytes > 0 && dynamic->jump_type != DT_RELA)
		return bad(elf, error, "relocation table out of range");
	if (status == MOTE_OK)
		status = take_table(elf, dynamic->jump, dynamic->jump_bytes, RELA_BYTES, RELA_BYTES,
				    &elf->jump, error);
	if (status == MOTE_OK)
		status = take_table(elf, dynamic->relr, dynamic->relr_bytes,
				    dynamic->relr_entry_bytes, RELR_BYTES, &elf->relr, error);
	if (status == MOTE_OK)
		status = check_types(elf, &elf->rela, error);
	return status == MOTE_OK ? check_types(elf, &elf->jump, error) : status;
}

mote_status mote_elf_read_dynamic(struct mote_elf *elf, const struct mote_elf_segment *segment,
				  mote_error *error)
{
	struct dynamic dynamic = {.rela_entry_bytes = RELA_BYTES, .relr_entry_bytes = RELR_BYTES};

	if (!mote_elf_in_file(elf, segment->file_offset, segment->file_bytes))
		return bad(elf, error, "dynamic section extends past the end of the file");
	for (uint64_t i = 0; i + DYN_BYTES <= segment->file_bytes; i += DYN_BYTES) {
		const uint8_t *entry = elf->bytes + segment->file_offset + i;
		const char *problem;

		elf->work++;
		if (mote_get64(entry) == DT_NULL)
			break;
		problem = read_entry(mote_get64(entry), mote_get64(entry + 8), &dynamic);
		if (problem != NULL)
			return bad(elf, error, problem);
	}
	return take_relocations(elf, &dynamic, error);
}

/* ---- Visiting ---------------------------------------------------------------------------- */

static bool visit_rela(const struct mote_elf *elf, const struct mote_elf_table *table,
		       mote_elf_visit_relocation *visit, void *user)
{
	for (size_t i = 0; i < table->count; i++) {
		const uint8_t *entry = entry_at(elf, table, i, RELA_BYTES);
		const struct mote_elf_relocation relocation = {
			.address = mote_get64(entry + RELA_OFFSET),
			.addend = mote_get64(entry + RELA_ADDEND),
		};

		if ((uint32_t)mote_get64(entry + RELA_INFO) != R_NONE && !visit(user, &relocation))
			return false;
	}
	return true;
}

/* Visits the 63 words from address on; bits 1 to 63 of entry say which ones to relocate. */
static bool visit_bitmap(uint64_t entry, uint64_t address, mote_elf_visit_relocation *visit,
			 void *user)
{
	for (uint64_t bits = entry >> 1; bits != 0; bits >>= 1, address += RELR_BYTES) {
		const struct mote_elf_relocation relocation = {.address = address,
							       .in_place = true};

		if ((bits & 1) && !visit(user, &relocation))
			return false;
	}
	return true;
}

static bool visit_relr(const struct mote_elf *elf, mote_elf_visit_relocation *visit, void *user)
{
	uint64_t next = 0;

	for (size_t i = 0; i < elf->relr.count; i++) {
		uint64_t entry = mote_get64(entry_at(elf, &elf->relr, i, RELR_BYTES));
		const struct mote_elf_relocation relocation = {.address = entry, .in_place = true};

		if (entry & 1) {
			if (!visit_bitmap(entry, next, visit, user))
				return false;
			next += 63 * RELR_BYTES;
		} else {
			if (!visit(user, &relocation))
				return false;
			next = entry + RELR_BYTES;
		}
	}
	return true;
}

bool mote_elf_each_relocation(const struct mote_elf *elf, mote_elf_visit_relocation *visit,
			      void *user)
{
	return visit_rela(elf, &elf->rela, visit, user) &&
	       visit_rela(elf, &elf->jump, visit, user) && visit_relr(elf, visit, user);
}
