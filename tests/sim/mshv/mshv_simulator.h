/* SPDX-License-Identifier: Apache-2.0
 *
 * A partition of the simulated /dev/mshv with a VP and memory, through the table of functions, for
 * the simulator's own tests.
 */
#ifndef MOTE_SIM_MSHV_SIMULATOR_H
#define MOTE_SIM_MSHV_SIMULATOR_H

#include <stdint.h>

#include "hypervisor/backends/linux/linux_device.h"
#include "hypervisor/backends/mshv/mshv_abi.h"
#include "sim/mshv/mshv.h"
#include "test.h"

enum { CODE = 0x1000, READ_ONLY = 0x2000, TABLES = 0x3000, DATA = 0x6000, NOWHERE = 0x8000 };
enum { PAGE = 4096, MEMORY_PAGES = 8 };

/* What the suite's cases are about.  memory: NOWHERE is behind its end; CODE and so on are offsets
 * into it, and guest-physical addresses. */
extern const struct mote_linux_device *sim;
extern int device, partition, vp;
extern uint8_t *memory;
extern struct mote_mshv_message message;

/* Before and after a case. */
void begin_rules(void);	    /* the default ones */
void begin_device(void);    /* and the device */
void begin_partition(void); /* and a partition, not initialized */
void begin_vp(void);	    /* and a VP, with memory */
void end(void);

int request(int fd, unsigned long number, void *argument);
int create_partition(void);
int set_memory(uint64_t gpa, uint64_t bytes, void *hva, unsigned flags);
/* A hypercall without repetition; its status, or a negative error number. */
int call(int fd, uint16_t code, const void *in, size_t in_bytes, void *out, size_t out_bytes);
int set_property(uint32_t code, uint64_t value);
int get_property(int fd, uint32_t code, uint64_t *value);
/* A status; a call that stops half way is continued. */
int set_register(uint32_t name, struct mote_hyperv_value value);
int get_register(uint32_t name, struct mote_hyperv_value *value);
/* The same for registers that exist. */
void set(uint32_t name, uint64_t value);
uint64_t get(uint32_t name);

void put_code(const void *bytes, size_t count);
#define PUT_CODE(...)                                                                              \
	put_code((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
/* Runs the VP until a message of this type; its payload. */
const void *run_to(uint32_t type);

/* Ends a child of this process by a broken rule; what it says. */
void check_violation(void (*breaks)(void), const char *says);

/* A thread that sends this one a signal now and then. */
void begin_ringing(void);
void end_ringing(void);

/* ---- Of the architecture --------------------------------------------------------------------- */

extern const uint32_t program_counter;
/* The VP is to run code at CODE. */
void begin_code(void);
/* An endless loop, and a store to NOWHERE. */
void put_loop(void);
void put_store(uint64_t address);
/* The same for a VP of another partition, which has this page at CODE. */
bool set_up_store(int fd, bool (*set_to)(int fd, uint32_t name, struct mote_hyperv_value value),
		  uint8_t *page, uint64_t address);
/* Of a message about memory. */
uint64_t address_of(const struct mote_mshv_message *about);
extern const struct test_case arch_cases[];
extern const size_t arch_case_count;
extern const struct test_case kick_cases[];
extern const size_t kick_case_count;

#endif
