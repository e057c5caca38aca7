/* SPDX-License-Identifier: Apache-2.0
 *
 * driver pack LEVEL: compresses standard input, and checks that it comes back.
 * driver archive: makes and reads archive.zip.
 */
#include <miniz.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char plain[1 << 20];

static int pack(size_t length, int level)
{
	mz_ulong room = mz_compressBound((mz_ulong)length), back_room = sizeof(plain);
	unsigned char *packed = malloc(room), *back = malloc(sizeof(plain));

	if (mz_compress2(packed, &room, plain, (mz_ulong)length, level) != MZ_OK ||
	    mz_uncompress(back, &back_room, packed, room) != MZ_OK || back_room != length ||
	    memcmp(back, plain, length) != 0)
		return 1;
	fwrite(packed, 1, room, stdout);
	free(packed);
	free(back);
	return 0;
}

static int archive(size_t length)
{
	mz_zip_archive zip;
	char name[32];

	memset(&zip, 0, sizeof(zip));
	if (!mz_zip_writer_init_file(&zip, "archive.zip", 0))
		return 1;
	for (int i = 0; i < 20; i++) {
		MZ_TIME_T then = 1000000000;

		snprintf(name, sizeof(name), "folder/%02d.txt", i);
		if (!mz_zip_writer_add_mem_ex_v2(&zip, name, plain, length / (size_t)(i + 1), NULL,
						 0, (mz_uint)i % 10, 0, 0, &then, NULL, 0, NULL, 0))
			return 1;
	}
	if (!mz_zip_writer_finalize_archive(&zip) || !mz_zip_writer_end(&zip))
		return 1;
	memset(&zip, 0, sizeof(zip));
	if (!mz_zip_reader_init_file(&zip, "archive.zip", 0))
		return 1;
	for (mz_uint i = 0; i < mz_zip_reader_get_num_files(&zip); i++) {
		size_t size;
		void *data = mz_zip_reader_extract_to_heap(&zip, i, &size, 0);

		mz_zip_reader_get_filename(&zip, i, name, sizeof(name));
		printf("%s %zu %08lx\n", name, size, mz_crc32(MZ_CRC32_INIT, data, size));
		mz_free(data);
	}
	return !mz_zip_reader_end(&zip);
}

int main(int argc, char **argv)
{
	const size_t length = fread(plain, 1, sizeof(plain), stdin);

	if (argc > 2 && strcmp(argv[1], "pack") == 0)
		return pack(length, atoi(argv[2]));
	return archive(length);
}
