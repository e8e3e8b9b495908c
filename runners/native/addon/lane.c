// SPDX-License-Identifier: MIT
/*
 * The threads of a helper process.
 *
 * The bytes of a call are moved to the end of a page that nothing follows, so
 * that a kernel which reads or writes past them gets EFAULT and is found out.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lane.h"

struct job {
	struct job *next;
	size_t length;
	struct message *message;
};

struct lane {
	pthread_mutex_t lock;
	pthread_cond_t more;
	pthread_t thread;
	int running;
	struct job *first;
	struct job **last;
	char *end;	/* of the memory for bytes; what follows cannot be touched */
};

static struct lane lanes[LANES];

static int cancel_signal(void)
{
	return SIGRTMIN + 6;
}

static void interrupt(int signal)
{
}

int lane_setup(void)
{
	/* without SA_RESTART, so that the call comes back with EINTR */
	struct sigaction action = { .sa_handler = interrupt };

	sigemptyset(&action.sa_mask);
	return sigaction(cancel_signal(), &action, NULL) ? -errno : 0;
}

/* The end of fresh memory that a page follows which cannot be touched. */
static char *guarded_memory(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (MESSAGE_MAX + page - 1) / page * page;
	char *start = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	if (start == MAP_FAILED)
		return NULL;
	if (mprotect(start + room, page, PROT_NONE)) {
		munmap(start, room + page);
		return NULL;
	}
	return start + room;
}

static void do_guarded(struct message *message, struct call *call, void *context)
{
	struct lane *lane = context;
	char *data = (char *)message_data(message) + call->offset;
	char *bytes = lane->end - call->length;

	memcpy(bytes, data, call->length);
	call_do(call, bytes);
	memcpy(data, bytes, call->length);
}

static void do_job(struct lane *lane, struct job *job)
{
	struct message *message = job->message;

	message_do(message, do_guarded, lane);
	/* where nobody listens any more, the main thread is about to end */
	channel_send(HELPER_CHANNEL, message, job->length, -1);
	free(message);
	free(job);
}

static struct job *next_job(struct lane *lane)
{
	struct job *job;

	pthread_mutex_lock(&lane->lock);
	while (!lane->first)
		pthread_cond_wait(&lane->more, &lane->lock);
	job = lane->first;
	lane->first = job->next;
	if (!lane->first)
		lane->last = &lane->first;
	pthread_mutex_unlock(&lane->lock);
	return job;
}

static void *work(void *argument)
{
	struct lane *lane = argument;
	char name[16];

	/*
	 * Not by pthread_setname_np() of another thread, which looks it up in
	 * /proc: at the end of the process, whoever waits for that would spin
	 * until the thread has given up its place there.
	 */
	snprintf(name, sizeof(name), "conform %u", (unsigned int)(lane - lanes));
	prctl(PR_SET_NAME, name);
	for (;;)
		do_job(lane, next_job(lane));
	return NULL;
}

static int start(struct lane *lane)
{
	int error;

	lane->end = guarded_memory();
	if (!lane->end)
		return -ENOMEM;
	lane->last = &lane->first;
	pthread_mutex_init(&lane->lock, NULL);
	pthread_cond_init(&lane->more, NULL);
	error = pthread_create(&lane->thread, NULL, work, lane);
	if (error)
		return -error;
	lane->running = 1;
	return 0;
}

int lane_submit(struct message *message, size_t length)
{
	struct lane *lane = &lanes[message->thread % LANES];
	struct job *job = malloc(sizeof(*job));
	int error = job ? 0 : -ENOMEM;

	if (!error && !lane->running)
		error = start(lane);
	if (error) {
		free(job);
		return error;
	}
	*job = (struct job){ .length = length, .message = message };
	pthread_mutex_lock(&lane->lock);
	*lane->last = job;
	lane->last = &job->next;
	pthread_cond_signal(&lane->more);
	pthread_mutex_unlock(&lane->lock);
	return 0;
}

void lane_forget(void)
{
	memset(lanes, 0, sizeof(lanes));
}

int lane_cancel(uint32_t thread)
{
	struct lane *lane = &lanes[thread % LANES];

	if (!lane->running)
		return -ESRCH;
	return -pthread_kill(lane->thread, cancel_signal());
}
