/* SPDX-License-Identifier: Apache-2.0
 *
 * What `mote inspect` says of a snapshot file.
 */
#ifndef INSPECT_SNAPSHOT_H
#define INSPECT_SNAPSHOT_H

#include <stdbool.h>

/* Whether a file begins as snapshots do. */
bool is_snapshot_file(const char *path);

/* Returns the tool's exit code, after a complaint. */
int inspect_snapshot(const char *path, bool as_json);

#endif
