/* SPDX-License-Identifier: Apache-2.0
 *
 * The name that destructors of static objects are registered under.
 */
extern void *__dso_handle __attribute__((visibility("hidden")));

void *__dso_handle;
