/* SPDX-License-Identifier: Apache-2.0
 *
 * The small arithmetic of <stdlib.h>, the pseudo-random numbers, errno.
 */
#include <stdlib.h>

#include <errno.h>
#include <stdint.h>

int *__errno_location(void)
{
	static int number; /* a guest has one thread */

	return &number;
}

int abs(int v)
{
	return v < 0 ? -v : v;
}

long labs(long v)
{
	return v < 0 ? -v : v;
}

long long llabs(long long v)
{
	return v < 0 ? -v : v;
}

div_t div(int a, int b)
{
	return (div_t){a / b, a % b};
}

ldiv_t ldiv(long a, long b)
{
	return (ldiv_t){a / b, a % b};
}

lldiv_t lldiv(long long a, long long b)
{
	return (lldiv_t){a / b, a % b};
}

static uint64_t *rand_state(void)
{
	static uint64_t state = 1;

	return &state;
}

void srand(unsigned int seed)
{
	*rand_state() = seed;
}

/* The upper bits of Knuth's 64-bit linear congruential generator. */
int rand(void)
{
	uint64_t *state = rand_state();

	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (int)(*state >> 33);
}

char *getenv(const char *name)
{
	(void)name;
	return NULL;
}
