/* SPDX-License-Identifier: Apache-2.0
 *
 * A held system call: the filter, the way of its listener, the answers.
 */
#define _GNU_SOURCE
#include "hold.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "test.h"

/* The low half of the third argument, on a little-endian machine. */
#define THIRD offsetof(struct seccomp_data, args[2])

void hold_prepare(struct hold *hold)
{
	uint32_t action = SECCOMP_RET_USER_NOTIF;

	hold->listener = -1;
	hold->open = false;
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) != 0)
		SKIP("the kernel has no seccomp notification: %s", strerror(errno));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, hold->ends) != 0)
		FAIL("socketpair: %s", strerror(errno));
}

static int install_filter(const struct hold *hold)
{
	const int other = hold->other ? hold->other : hold->number;
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)hold->number, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)other, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, THIRD),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, hold->minimum_third, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {TEST_COUNT(filter), filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &program);
}

/* One byte goes with the descriptor. */
struct parcel {
	char byte;
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	struct iovec vector;
	struct msghdr message;
};

static void pack(struct parcel *parcel)
{
	memset(parcel, 0, sizeof(*parcel));
	parcel->vector = (struct iovec){&parcel->byte, 1};
	parcel->message.msg_iov = &parcel->vector;
	parcel->message.msg_iovlen = 1;
	parcel->message.msg_control = parcel->control;
	parcel->message.msg_controllen = sizeof(parcel->control);
}

void hold_child(const struct hold *hold)
{
	struct parcel parcel;
	struct cmsghdr *header;
	int listener = install_filter(hold);

	if (listener < 0)
		_exit(126);
	pack(&parcel);
	header = CMSG_FIRSTHDR(&parcel.message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &listener, sizeof(int));
	if (sendmsg(hold->ends[1], &parcel.message, 0) != 1)
		_exit(126);
	close(listener);
}

void hold_parent(struct hold *hold)
{
	struct parcel parcel;
	struct cmsghdr *header;

	close(hold->ends[1]);
	pack(&parcel);
	if (recvmsg(hold->ends[0], &parcel.message, MSG_CMSG_CLOEXEC) == 1 &&
	    (header = CMSG_FIRSTHDR(&parcel.message)) != NULL)
		memcpy(&hold->listener, CMSG_DATA(header), sizeof(int));
	close(hold->ends[0]);
	if (hold->listener < 0)
		SKIP("no seccomp listener; another one may be there already");
}

static bool receive(struct hold *hold, int milliseconds)
{
	struct pollfd ready = {.fd = hold->listener, .events = POLLIN};
	struct seccomp_notif call;

	if (poll(&ready, 1, milliseconds) <= 0 || !(ready.revents & POLLIN))
		return false;
	memset(&call, 0, sizeof(call));
	if (ioctl(hold->listener, SECCOMP_IOCTL_NOTIF_RECV, &call) != 0)
		return false;
	hold->id = call.id;
	return true;
}

static void answer(struct hold *hold)
{
	struct seccomp_notif_resp response = {.id = hold->id,
					      .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

	ioctl(hold->listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

bool hold_await(struct hold *hold)
{
	return receive(hold, (int)(test_slow(20) * 1000));
}

void hold_let_go(struct hold *hold)
{
	hold->open = true;
	answer(hold);
}

void hold_serve(struct hold *hold)
{
	while (hold->number != 0 && hold->open && receive(hold, 0))
		answer(hold);
}

void hold_close(struct hold *hold)
{
	if (hold->number != 0 && hold->listener >= 0)
		close(hold->listener);
	hold->listener = -1;
}
