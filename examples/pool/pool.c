/* SPDX-License-Identifier: Apache-2.0
 *
 * Serves untrusted functions from a pool of clean sandboxes under load.  Every call has a
 * deadline and begins in the state right after the guest's initialization; a sandbox whose
 * guest misbehaved is put back like any other; no honest call may suffer from the others.
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

struct server {
	mote_pool *pool;
	mote_function checksum, misbehave;
	time_t end;
};

struct worker {
	struct server *server;
	pthread_t thread;
	uint64_t random;
	uint64_t honest, failed, hostile, survived;
};

static uint32_t next_random(struct worker *worker)
{
	worker->random = worker->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(worker->random >> 33);
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
	argument = mote_value_bytes(data, sizeof(data));
	worker->honest++;
	if (mote_sandbox_call(sandbox, worker->server->checksum, &argument, 1, NULL, &result,
			      &error) == MOTE_OK &&
	    result.as.u32 == expected)
		return;
	worker->failed++;
	fprintf(stderr, "pool: an honest call failed: %s\n", error.text);
}

static void do_hostile_job(struct worker *worker, mote_sandbox *sandbox)
{
	mote_value argument = mote_value_u32(next_random(worker));

	worker->hostile++;
	if (mote_sandbox_call(sandbox, worker->server->misbehave, &argument, 1, NULL, NULL, NULL) ==
	    MOTE_OK)
		worker->survived++;
}

static void *work(void *user)
{
	struct worker *worker = user;
	struct server *server = worker->server;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;

	while (time(NULL) < server->end) {
		if (mote_pool_acquire(server->pool, &sandbox, &error) != MOTE_OK) {
			fprintf(stderr, "pool: %s\n", error.text);
			worker->failed++;
			break;
		}
		if (next_random(worker) % 1000 < HOSTILE_PER_THOUSAND)
			do_hostile_job(worker, sandbox);
		else
			do_honest_job(worker, sandbox);
		mote_pool_release(server->pool, sandbox); /* however the call ended */
	}
	return NULL;
}

/* The state in which every call begins: that of a guest which has initialized itself. */
static mote_snapshot *prepare(struct server *server, const char *path,
			      const mote_sandbox_options *options, mote_error *error)
{
	mote_engine *engine = NULL;
	mote_sandbox *sandbox = NULL;
	mote_snapshot *snapshot = NULL;

	if (mote_engine_create(NULL, &engine, error) == MOTE_OK &&
	    mote_sandbox_create_from_file(engine, path, options, &sandbox, error) == MOTE_OK &&
	    mote_sandbox_find(sandbox, "checksum", "u32(bytes)", &server->checksum, error) ==
		    MOTE_OK &&
	    mote_sandbox_find(sandbox, "misbehave", "u32(u32)", &server->misbehave, error) ==
		    MOTE_OK)
		(void)mote_snapshot_take(sandbox, NULL, &snapshot, error);
	mote_sandbox_destroy(sandbox);
	mote_engine_release(engine);
	return snapshot;
}

static int open_pool(struct server *server, const char *path, size_t count, unsigned long slowness,
		     mote_error *error)
{
	mote_sandbox_options sandbox = MOTE_SANDBOX_OPTIONS_INIT;
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	mote_snapshot *snapshot;

	sandbox.memory_bytes = 1 << 20;
	sandbox.wall_ns = WALL_NS * slowness;
	sandbox.cpu_ns = CPU_NS * slowness;
	snapshot = prepare(server, path, &sandbox, error);
	if (snapshot == NULL)
		return 0;
	options.sandbox = &sandbox;
	options.most = count;
	options.least_idle = count;
	if (mote_pool_create(snapshot, &options, &server->pool, error) == MOTE_OK)
		(void)mote_pool_refill(server->pool, error); /* ahead of the first requests */
	mote_snapshot_destroy(snapshot);
	return server->pool != NULL && error->status == MOTE_OK;
}

static void print(const struct server *server, const struct worker *sum)
{
	mote_pool_statistics statistics = MOTE_POOL_STATISTICS_INIT;

	printf("pool: %llu honest calls, %llu failed; %llu hostile calls, %llu went unpunished\n",
	       (unsigned long long)sum->honest, (unsigned long long)sum->failed,
	       (unsigned long long)sum->hostile, (unsigned long long)sum->survived);
	if (mote_pool_get_statistics(server->pool, &statistics, NULL) == MOTE_OK)
		printf("pool: %llu sandboxes, put back %llu times, %llu times in vain\n",
		       (unsigned long long)statistics.created,
		       (unsigned long long)statistics.restored,
		       (unsigned long long)statistics.failed_restores);
}

static int serve(struct server *server, size_t threads)
{
	struct worker workers[MAXIMUM_THREADS] = {{0}}, sum = {0};

	for (size_t i = 0; i < threads; i++) {
		workers[i] = (struct worker){.server = server, .random = i + 1};
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
	print(server, &sum);
	return sum.honest > 0 && sum.failed == 0 && sum.survived == 0;
}

int main(int argc, char **argv)
{
	unsigned long seconds = argc > 2 ? strtoul(argv[2], NULL, 10) : 5;
	size_t sandboxes = argc > 3 ? strtoul(argv[3], NULL, 10) : 200;
	size_t threads = argc > 4 ? strtoul(argv[4], NULL, 10) : 8;
	unsigned long slowness = argc > 5 ? strtoul(argv[5], NULL, 10) : 1;
	struct server server = {0};
	mote_error error = MOTE_ERROR_INIT;
	int good = 0;

	if (argc < 2 || threads < 1 || threads > MAXIMUM_THREADS || sandboxes < threads ||
	    slowness < 1) {
		fprintf(stderr, "usage: %s GUEST [SECONDS [SANDBOXES [THREADS [SLOWNESS]]]]\n",
			argv[0]);
		return 2;
	}
	if (open_pool(&server, argv[1], sandboxes, slowness, &error)) {
		server.end = time(NULL) + (time_t)seconds;
		good = serve(&server, threads);
	} else {
		fprintf(stderr, "pool: %s\n", error.text);
	}
	mote_pool_destroy(server.pool);
	return good ? 0 : 1;
}
