/* SPDX-License-Identifier: Apache-2.0
 *
 * Process 1 of an emulated machine: loads the modules listed in /modules, runs the
 * programs listed in /tests one after the other, prints `BED-EXIT token code` and
 * powers off.  The token comes from the kernel's command line, so no program's
 * output can pass for that line; without it the machine has died.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAXIMUM_WORDS 64

static void mount_one(const char *type, const char *path)
{
	mkdir(path, 0755);
	if (mount(type, path, type, 0, NULL) && errno != EBUSY)
		printf("bed: mounting %s: %s\n", path, strerror(errno));
}

static void mount_all(void)
{
	mount_one("devtmpfs", "/dev");
	mount_one("proc", "/proc");
	mount_one("sysfs", "/sys");
	mount_one("tmpfs", "/tmp");
	mount_one("tmpfs", "/dev/shm");
	chmod("/tmp", 01777);
	chmod("/dev/shm", 01777);
}

/* A line of /modules: a file, then parameters. */
static int load_module(char *line)
{
	char *parameters = strchr(line, ' ');
	int fd, result;

	if (parameters)
		*parameters++ = 0;
	fd = open(line, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		printf("bed: module %s: %s\n", line, strerror(errno));
		return -1;
	}
	result = (int)syscall(SYS_finit_module, fd, parameters ? parameters : "", 0);
	if (result)
		printf("bed: module %s: %s\n", line, strerror(errno));
	close(fd);
	return result;
}

static int execute(char *line)
{
	char *words[MAXIMUM_WORDS + 1];
	size_t count = 0, first = 0;

	for (char *word = strtok(line, " "); word && count < MAXIMUM_WORDS;
	     word = strtok(NULL, " "))
		words[count++] = word;
	words[count] = NULL;
	while (first < count && strchr(words[first], '='))
		putenv(words[first++]);
	if (first == count)
		return 127;
	execv(words[first], words + first);
	printf("bed: %s: %s\n", words[first], strerror(errno));
	return 127;
}

/* A line of /tests: NAME=value words, then a program and its arguments. */
static int run_test(char *line)
{
	struct timespec begin, end;
	const char *program = line[0] == '/' ? line : strstr(line, " /") + 1;
	int status = 0, code;
	pid_t child;

	printf("== bed: %s\n", program);
	fflush(stdout);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	child = fork();
	if (child == 0) {
		code = execute(line);
		fflush(stdout);
		_exit(code);
	}
	/* Orphans of a program end up here too. */
	while (waitpid(-1, &status, 0) != child)
		;
	clock_gettime(CLOCK_MONOTONIC, &end);
	code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	printf("\n== bed: exit code %d after %ld s\n", code, (long)(end.tv_sec - begin.tv_sec));
	fflush(stdout);
	return code;
}

/* Calls act for each line of a file.  Returns how many of them did not give 0. */
static int for_each_line(const char *path, int (*act)(char *line))
{
	FILE *file = fopen(path, "re");
	static char line[4096];
	int failures = 0;

	if (!file) {
		printf("bed: %s: %s\n", path, strerror(errno));
		return 1;
	}
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		if (line[0])
			failures += act(line) != 0;
	}
	fclose(file);
	return failures;
}

/* 127.0.0.1 is there. */
static void start_loopback(void)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0)
		printf("bed: starting the loopback interface: %s\n", strerror(errno));
	if (fd >= 0)
		close(fd);
}

int main(void)
{
	const struct rlimit files = {65536, 65536};
	const char *token = getenv("BED_TOKEN");
	int code;

	mount_all();
	start_loopback();
	setrlimit(RLIMIT_NOFILE, &files);
	code = for_each_line("/modules", load_module);
	code |= for_each_line("/tests", run_test);
	printf("\nBED-EXIT %s %d\n", token ? token : "none", code ? 1 : 0);
	fflush(stdout);
	sync();
	usleep(20000); /* let the serial line drain */
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
