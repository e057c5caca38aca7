/* SPDX-License-Identifier: Apache-2.0
 *
 * Serves untrusted functions from a pool of threads under load.  Every call has a
 * deadline; a sandbox whose guest misbehaved is replaced; no honest call may
 * suffer from the others.
 *
 *	pool GUEST [SECONDS [SANDBOXES [THREADS [SLOWNESS]]]]
 *
 * SLOWNESS multiplies the deadlines: for emulated machines.
 */
#include <mote/mote.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAXIMUM_THREADS = 64, JOB_BYTES = 4096, HOSTILE_PER_THOUSAND = 50 };

static const uint64_t WALL_NS = 2000000000; /* generous: the machine may be busy */
static const uint64_t CPU_NS = 20000000;

struct pool {
	mote_engine *engine;
	mote_image *image;
	mote_function checksum, misbehave;
	pthread_mutex_t lock;
	mote_sandbox **idle; /* a stack with room for all sandboxes; there are fewer threads */
	size_t idle_count;
	uint64_t slowness;
	time_t end;
};

struct worker {
	struct pool *pool;
	pthread_t thread;
	uint64_t random;
	uint64_t honest, failed, hostile, survived;
};

static uint32_t next_random(struct worker *worker)
{
	worker->random = worker->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(worker->random >> 33);
}

static mote_sandbox *new_sandbox(struct pool *pool, mote_error *error)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_sandbox *sandbox = NULL;

	options.memory_bytes = 1 << 20;
	options.wall_ns = WALL_NS * pool->slowness;
	options.cpu_ns = CPU_NS * pool->slowness;
	if (mote_sandbox_create(pool->engine, pool->image, &options, &sandbox, error) != MOTE_OK)
		fprintf(stderr, "pool: %s\n", error->text);
	return sandbox;
}

static mote_sandbox *take(struct pool *pool)
{
	mote_sandbox *sandbox;

	pthread_mutex_lock(&pool->lock);
	sandbox = pool->idle[--pool->idle_count];
	pthread_mutex_unlock(&pool->lock);
	return sandbox;
}

static void give_back(struct pool *pool, mote_sandbox *sandbox)
{
	pthread_mutex_lock(&pool->lock);
	/* Put at the bottom, so that all of them get work. */
	memmove(pool->idle + 1, pool->idle, pool->idle_count++ * sizeof(sandbox));
	pool->idle[0] = sandbox;
	pthread_mutex_unlock(&pool->lock);
}

static void do_honest_job(struct worker *worker, mote_sandbox *sandbox)
{
	unsigned char data[JOB_BYTES];
	mote_error error = MOTE_ERROR_INIT;
	mote_value argument, result;
	uint32_t expected = 0;

	memset(data, (int)next_random(worker), sizeof(data));
	for (size_t i = 0; i < sizeof(data); i++)
		expected = expected * 31 + data[i];
	argument = mote_bytes(data, sizeof(data));
	worker->honest++;
	if (mote_sandbox_call(sandbox, worker->pool->checksum, &argument, 1, NULL, &result,
			      &error) == MOTE_OK &&
	    result.as.u32 == expected)
		return;
	worker->failed++;
	fprintf(stderr, "pool: an honest call failed: %s\n", error.text);
}

static void do_hostile_job(struct worker *worker, mote_sandbox *sandbox)
{
	mote_value argument = mote_u32(next_random(worker));

	worker->hostile++;
	if (mote_sandbox_call(sandbox, worker->pool->misbehave, &argument, 1, NULL, NULL, NULL) ==
	    MOTE_OK)
		worker->survived++;
}

static void *work(void *user)
{
	struct worker *worker = user;
	struct pool *pool = worker->pool;
	mote_error error = MOTE_ERROR_INIT;

	while (time(NULL) < pool->end) {
		mote_sandbox *sandbox = take(pool);

		if (next_random(worker) % 1000 < HOSTILE_PER_THOUSAND)
			do_hostile_job(worker, sandbox);
		else
			do_honest_job(worker, sandbox);
		if (mote_sandbox_is_poisoned(sandbox)) {
			mote_sandbox_destroy(sandbox);
			sandbox = new_sandbox(pool, &error);
			if (sandbox == NULL) {
				worker->failed++;
				break;
			}
		}
		give_back(pool, sandbox);
	}
	return NULL;
}

static int open_pool(struct pool *pool, const char *path, size_t count, mote_error *error)
{
	pthread_mutex_init(&pool->lock, NULL);
	pool->idle = calloc(count, sizeof(*pool->idle));
	if (pool->idle == NULL || mote_engine_create(NULL, &pool->engine, error) != MOTE_OK ||
	    mote_image_open(pool->engine, path, &pool->image, error) != MOTE_OK)
		return 0;
	while (pool->idle_count < count) {
		mote_sandbox *sandbox = new_sandbox(pool, error);

		if (sandbox == NULL)
			return 0;
		pool->idle[pool->idle_count++] = sandbox;
	}
	return mote_sandbox_find(pool->idle[0], "checksum", "u32(bytes)", &pool->checksum, error) ==
		       MOTE_OK &&
	       mote_sandbox_find(pool->idle[0], "misbehave", "u32(u32)", &pool->misbehave, error) ==
		       MOTE_OK;
}

static void close_pool(struct pool *pool)
{
	while (pool->idle_count > 0)
		mote_sandbox_destroy(pool->idle[--pool->idle_count]);
	mote_image_release(pool->image);
	mote_engine_release(pool->engine);
	free(pool->idle);
}

static int serve(struct pool *pool, size_t threads)
{
	struct worker workers[MAXIMUM_THREADS] = {{0}}, sum = {0};

	for (size_t i = 0; i < threads; i++) {
		workers[i] = (struct worker){.pool = pool, .random = i + 1};
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			threads = i;
	}
	for (size_t i = 0; i < threads; i++) {
		pthread_join(workers[i].thread, NULL);
		sum.honest += workers[i].honest;
		sum.failed += workers[i].failed;
		sum.hostile += workers[i].hostile;
		sum.survived += workers[i].survived;
	}
	printf("pool: %llu honest calls, %llu failed; %llu hostile calls, %llu went unpunished\n",
	       (unsigned long long)sum.honest, (unsigned long long)sum.failed,
	       (unsigned long long)sum.hostile, (unsigned long long)sum.survived);
	return sum.honest > 0 && sum.failed == 0 && sum.survived == 0;
}

int main(int argc, char **argv)
{
	unsigned long seconds = argc > 2 ? strtoul(argv[2], NULL, 10) : 5;
	size_t sandboxes = argc > 3 ? strtoul(argv[3], NULL, 10) : 200;
	size_t threads = argc > 4 ? strtoul(argv[4], NULL, 10) : 8;
	unsigned long slowness = argc > 5 ? strtoul(argv[5], NULL, 10) : 1;
	struct pool pool = {.slowness = slowness};
	mote_error error = MOTE_ERROR_INIT;
	int good = 0;

	if (argc < 2 || threads < 1 || threads > MAXIMUM_THREADS || sandboxes < threads ||
	    slowness < 1) {
		fprintf(stderr, "usage: %s GUEST [SECONDS [SANDBOXES [THREADS [SLOWNESS]]]]\n",
			argv[0]);
		return 2;
	}
	if (open_pool(&pool, argv[1], sandboxes, &error)) {
		pool.end = time(NULL) + (time_t)seconds;
		good = serve(&pool, threads);
	} else {
		fprintf(stderr, "pool: %s\n", error.text);
	}
	close_pool(&pool);
	return good ? 0 : 1;
}
