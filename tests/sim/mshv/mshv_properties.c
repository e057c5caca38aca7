/* SPDX-License-Identifier: Apache-2.0
 *
 * The properties of a partition: which may be set before its initialization and which after it, and
 * what they are.
 */
#include "sim/mshv/mshv_foreign.h"

enum when { EARLY, LATE, NEVER };

#define FEATURES_0 0x0000004a3fffffffull
#define FEATURES_1 0x2ull
#define XSAVE_FEATURES 7
#define CLOCK_HZ 2000000000
#define ADDRESS_BITS 40

static const struct property {
	uint32_t code;
	enum when when;
	uint64_t value, most;
	bool of_partition; /* the host has none */
} properties[] = {
	{MOTE_MSHV_PROPERTY_PRIVILEGES, EARLY, 0, ~0ull, true},
	{MOTE_MSHV_PROPERTY_SYNTHETIC_FEATURES, EARLY, 0, ~0ull, false},
	{MOTE_MSHV_PROPERTY_GICD_BASE, EARLY, 0, ~0ull, true},
	{MOTE_MSHV_PROPERTY_GITS_BASE, EARLY, 0, ~0ull, true},
	{MOTE_MSHV_PROPERTY_GIC_LPI_BITS, EARLY, 0, ~0ull, true},
	{MOTE_MSHV_PROPERTY_GIC_PPI_TIMER, EARLY, 0, ~0ull, true},
	{MOTE_MSHV_PROPERTY_GIC_PPI_PMU, EARLY, 0, ~0ull, true},
	{MOTE_MSHV_PROPERTY_TIME_FREEZE, LATE, 0, 1, false},
	{MOTE_MSHV_PROPERTY_REFERENCE_TIME, LATE, 0, ~0ull, false},
	{MOTE_MSHV_PROPERTY_ACCESS_TRACKING, LATE, 0, ~0ull, false},
	{MOTE_MSHV_PROPERTY_UNKNOWN_MSR, LATE, 0, 1, false},
	{MSHV_PROPERTY_PROCESSORS_PER_SOCKET, LATE, 0, ~0ull, true},
	{MOTE_MSHV_PROPERTY_VENDOR, NEVER, 0, 0, false},
	{MOTE_MSHV_PROPERTY_XSAVE_FEATURES, NEVER, XSAVE_FEATURES, 0, false},
	{MOTE_MSHV_PROPERTY_ADDRESS_BITS, NEVER, ADDRESS_BITS, 0, false},
	{MOTE_MSHV_PROPERTY_XSAVE_STATES, NEVER, 0, 0, true},
	{MOTE_MSHV_PROPERTY_XSAVE_BYTES, NEVER, 0, 0, true},
	{MOTE_MSHV_PROPERTY_CLOCK_FREQUENCY, NEVER, CLOCK_HZ, 0, false},
	{MOTE_MSHV_PROPERTY_FEATURES_0, NEVER, FEATURES_0, 0, false},
	{MOTE_MSHV_PROPERTY_FEATURES_1, NEVER, FEATURES_1, 0, false},
};

static const struct property *find_property(uint32_t code)
{
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]); i++)
		if (properties[i].code == code)
			return &properties[i];
	return NULL;
}

/* What was disabled when the partition was created. */
static uint64_t disabled(const struct partition *partition, uint32_t code)
{
	switch (code) {
	case MOTE_MSHV_PROPERTY_FEATURES_0:
		return partition->disabled_features[0];
	case MOTE_MSHV_PROPERTY_FEATURES_1:
		return partition->disabled_features[1];
	case MOTE_MSHV_PROPERTY_XSAVE_FEATURES:
		return partition->disabled_xsave;
	default:
		return 0;
	}
}

static uint64_t value_of(const struct partition *partition, const struct property *property)
{
	if (property->code == MOTE_MSHV_PROPERTY_XSAVE_STATES)
		return mshv_arch_xsave_states(partition);
	if (property->code == MOTE_MSHV_PROPERTY_XSAVE_BYTES)
		return mshv_arch_xsave_bytes(partition);
	for (size_t i = 0; i < partition->property_count; i++)
		if (partition->properties[i].code == property->code)
			return partition->properties[i].value;
	return property->value & ~disabled(partition, property->code);
}

uint16_t mshv_get_property(const struct partition *partition, uint32_t code, uint64_t *value)
{
	const struct property *property = find_property(code);

	if (!property)
		return MOTE_MSHV_UNKNOWN_PROPERTY;
	if (!partition && property->of_partition)
		return MOTE_MSHV_ACCESS_DENIED;
	*value = partition ? value_of(partition, property) : property->value;
	return MOTE_MSHV_SUCCESS;
}

static void keep(struct partition *partition, uint32_t code, uint64_t value)
{
	size_t i = 0;

	while (i < partition->property_count && partition->properties[i].code != code)
		i++;
	if (i == partition->property_count)
		partition->property_count++;
	partition->properties[i].code = code;
	partition->properties[i].value = value;
}

uint16_t mshv_set_property(struct partition *partition, uint32_t code, uint64_t value)
{
	const struct property *property = find_property(code);

	if (property && partition->is_initialized == (property->when == EARLY))
		return MOTE_MSHV_INVALID_PARTITION_STATE;
	if (!property || property->when == NEVER)
		return partition->is_initialized ? MOTE_MSHV_UNKNOWN_PROPERTY
						 : MOTE_MSHV_INVALID_PARTITION_STATE;
	if (value > property->most)
		return MOTE_MSHV_OUT_OF_RANGE;
	keep(partition, code, value);
	return MOTE_MSHV_SUCCESS;
}
