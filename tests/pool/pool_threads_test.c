/* SPDX-License-Identifier: Apache-2.0
 *
 * A pool that many threads use at the same time: nobody gets what another one has, or what it left,
 * and there are never more than the pool may have.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdatomic.h>

#include "pooled.h"

enum { THREADS = 8, MOST = 6, ROUNDS = 400 };

struct team {
	struct pooled pooled;
	mote_function count;
	atomic_int held, most_held;
	atomic_bool over;
	atomic_ullong calls, refused;
};

struct member {
	struct team *team;
	pthread_t thread;
	uint32_t random;
};

static uint32_t next_random(struct member *member)
{
	member->random = member->random * 1664525u + 1013904223u;
	return member->random >> 8;
}

static void note_held(struct team *team)
{
	int held = atomic_fetch_add(&team->held, 1) + 1, most = atomic_load(&team->most_held);

	while (held > most && !atomic_compare_exchange_weak(&team->most_held, &most, held))
		;
}

static void use(struct team *team, mote_sandbox *sandbox)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_value result = {0};

	CHECK_OK(mote_sandbox_call(sandbox, team->count, NULL, 0, NULL, &result, &error), &error);
	CHECK_EQ(result.as.u32, team->pooled.counted);
	atomic_fetch_add(&team->calls, 1);
}

static void take_a_turn(struct member *member)
{
	struct team *team = member->team;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;
	mote_status status = mote_pool_acquire(team->pooled.pool, &sandbox, &error);

	if (status == MOTE_LIMIT) {
		atomic_fetch_add(&team->refused, 1);
		return;
	}
	CHECK_OK(status, &error);
	if (status != MOTE_OK)
		return;
	note_held(team);
	use(team, sandbox);
	if (next_random(member) % 16 == 0)
		pooled_die(sandbox, next_random(member) % 2);
	atomic_fetch_sub(&team->held, 1);
	if (next_random(member) % 32 == 0)
		mote_sandbox_destroy(sandbox);
	else
		mote_pool_release(team->pooled.pool, sandbox);
}

static void *take_turns(void *user)
{
	struct member *member = user;

	for (uint64_t i = 0; i < test_scale(ROUNDS); i++)
		take_a_turn(member);
	return NULL;
}

/* Fills it up and empties it. */
static void *maintain(void *user)
{
	struct team *team = user;
	mote_error error = MOTE_ERROR_INIT;

	for (unsigned i = 0; !atomic_load(&team->over); i++) {
		CHECK_OK(mote_pool_refill(team->pooled.pool, &error), &error);
		CHECK(pooled_statistics(&team->pooled).idle <= MOST);
		if (i % 8 == 0)
			mote_pool_trim(team->pooled.pool, i / 8 % 3);
	}
	return NULL;
}

static void open_team(struct team *team)
{
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;

	options.most = MOST;
	options.least_idle = 2;
	options.most_idle = 4;
	pooled_open(&team->pooled, NULL, &options);
	sandbox = pooled_acquire(&team->pooled);
	REQUIRE_OK(mote_sandbox_find(sandbox, "count", NULL, &team->count, &error), &error);
	mote_pool_release(team->pooled.pool, sandbox);
}

static void begin(struct team *team, struct member members[THREADS])
{
	for (uint32_t i = 0; i < THREADS; i++) {
		members[i] = (struct member){.team = team, .random = i + 1};
		REQUIRE(pthread_create(&members[i].thread, NULL, take_turns, &members[i]) == 0);
	}
}

static void join(struct member members[THREADS])
{
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(members[i].thread, NULL);
}

static void many_users(void)
{
	static struct team team;
	struct member members[THREADS];
	mote_pool_statistics statistics;
	pthread_t maintainer;

	open_team(&team);
	begin(&team, members);
	REQUIRE(pthread_create(&maintainer, NULL, maintain, &team) == 0);
	join(members);
	atomic_store(&team.over, true);
	pthread_join(maintainer, NULL);
	statistics = pooled_statistics(&team.pooled);
	CHECK(atomic_load(&team.most_held) <= MOST);
	CHECK(atomic_load(&team.calls) > 0);
	CHECK_EQ(statistics.in_use, 0);
	CHECK(statistics.idle <= 4);
	CHECK_EQ(statistics.failed_restores + statistics.failed_creations, 0);
	test_note("%llu calls, %llu refused; %llu created, %llu reused, %llu put back",
		  (unsigned long long)atomic_load(&team.calls),
		  (unsigned long long)atomic_load(&team.refused),
		  (unsigned long long)statistics.created, (unsigned long long)statistics.reused,
		  (unsigned long long)statistics.restored);
	pooled_close(&team.pooled);
}

/* ---- The end ------------------------------------------------------------------------------ */

struct last_user {
	pthread_t thread;
	pthread_barrier_t *start;
	mote_pool *pool;
	mote_sandbox *sandbox;
};

static void *release_at_the_end(void *user)
{
	struct last_user *last = user;

	pthread_barrier_wait(last->start);
	mote_pool_release(last->pool, last->sandbox);
	return NULL;
}

/* The pool ends while others release: every sandbox is destroyed, by one or the other. */
static void the_end_while_others_release(void)
{
	struct last_user users[MOST];
	pthread_barrier_t start;
	struct pooled pooled;
	size_t fds;

	REQUIRE(pthread_barrier_init(&start, NULL, MOST + 1) == 0);
	for (uint64_t round = 0; round < test_scale(40); round++) {
		pooled_open_most(&pooled, MOST);
		fds = test_fd_count();
		for (unsigned i = 0; i < MOST; i++) {
			users[i] = (struct last_user){.start = &start,
						      .pool = pooled.pool,
						      .sandbox = pooled_acquire(&pooled)};
			REQUIRE(pthread_create(&users[i].thread, NULL, release_at_the_end,
					       &users[i]) == 0);
		}
		pthread_barrier_wait(&start);
		mote_pool_destroy(pooled.pool);
		pooled.pool = NULL;
		for (unsigned i = 0; i < MOST; i++)
			pthread_join(users[i].thread, NULL);
		/* A barrier may get what it needs when somebody waits. */
		CHECK(round == 0 || test_fd_count() == fds);
		pooled_close(&pooled);
	}
	pthread_barrier_destroy(&start);
}

/* ---- One place ---------------------------------------------------------------------------- */

static void *refill(void *user)
{
	CHECK_OK(mote_pool_refill(user, NULL), NULL);
	return NULL;
}

/* Together they make as many as one alone. */
static void several_that_refill(void)
{
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	pthread_t threads[4];
	struct pooled pooled;

	options.most = 20;
	options.least_idle = 5;
	pooled_open(&pooled, NULL, &options);
	for (unsigned i = 0; i < 4; i++)
		REQUIRE(pthread_create(&threads[i], NULL, refill, pooled.pool) == 0);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(pooled_statistics(&pooled).idle, 5);
	CHECK_EQ(pooled_statistics(&pooled).created, 5);
	pooled_close(&pooled);
}

static const struct test_case cases[] = {
	CASE(many_users),
	CASE(the_end_while_others_release),
	CASE(several_that_refill),
};

int main(int argc, char **argv)
{
	return test_main("pool_threads", cases, TEST_COUNT(cases), argc, argv);
}
