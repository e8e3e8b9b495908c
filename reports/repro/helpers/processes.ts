/**
 * Second processes, calls that block, and races, in C.
 *
 * @module
 */
import { type Helper, helper } from "../helper.ts";
import { resultOf, results } from "./results.ts";

const c = String.raw;

/** A second process; with `events`, it also tells what importers in it saw. */
export function processHelper(events: Helper | undefined, hasModule: boolean): Helper {
  return helper(
    c`
/* A second process, which does steps that it is sent. It has the same program, so that a step is a function. */
struct process {
	pid_t pid;
	int channel;
};

struct answer {
	long result;
	char value[256];${
      events
        ? c`
	unsigned int events;
	char event[8][80];`
        : ""
    }
};

static void __attribute__((noreturn)) serve(int channel)
{
	struct answer answer;
	long (*step)(void);
${hasModule ? "\n\tmodule_fd = -1;" : ""}
	while (read(channel, &step, sizeof(step)) == sizeof(step)) {
		memset(&answer, 0, sizeof(answer));
		value[0] = 0;
		answer.result = step();
		memcpy(answer.value, value, sizeof(value));${
      events
        ? c`
		look_at_importers();
		for (; answer.events < 8 && events_told < events_seen; events_told++)
			strcpy(answer.event[answer.events++], event[events_told % EVENTS]);`
        : ""
    }
		if (write(channel, &answer, sizeof(answer)) != sizeof(answer))
			break;
	}
	_exit(0);
}

static long start_process(struct process *process)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	fflush(stdout);
	process->pid = fork();
	if (process->pid < 0)
		return -errno;
	process->channel = ends[0];
	if (!process->pid) {
		close(ends[0]);
		serve(ends[1]);
	}
	close(ends[1]);
	return 0;
}

static long __attribute__((unused)) in_process(struct process *process, long (*step)(void))
{
	struct answer answer;

	if (send(process->channel, &step, sizeof(step), MSG_NOSIGNAL) != sizeof(step) ||
	    recv(process->channel, &answer, sizeof(answer), MSG_WAITALL) != sizeof(answer))
		return -ESRCH;
	memcpy(value, answer.value, sizeof(value));${
      events
        ? c`
	for (unsigned int i = 0; i < answer.events; i++)
		note("%s", answer.event[i]);`
        : ""
    }
	return answer.result;
}
`,
    {
      headers: ["string.h", "sys/socket.h", "sys/types.h"],
      needs: events ? [resultOf, events] : [resultOf],
    },
  );
}

/** Kills a second process. */
export function killHelper(process: Helper): Helper {
  return helper(
    c`
static long kill_process(struct process *process)
{
	kill(process->pid, SIGKILL);
	return result_of(waitpid(process->pid, NULL, 0)) < 0 ? -errno : 0;
}
`,
    { headers: ["signal.h", "sys/wait.h"], needs: [process] },
  );
}

/** Gives a descriptor to a second process. */
export function sendHelper(process: Helper): Helper {
  return helper(
    c`
static long receive_fd(int channel)
{
	char byte, room[CMSG_SPACE(sizeof(int))];
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	int fd;

	if (recvmsg(channel, &message, 0) < 0 || !CMSG_FIRSTHDR(&message))
		return -EBADF;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* Gives a copy of a descriptor to a process, where a step takes it. */
static long send_fd(struct process *process, int channel[2], int fd, long (*take)(void))
{
	char byte = 0, room[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec data = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = room, .msg_controllen = sizeof(room),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(channel[0], &message, 0) < 0)
		return -errno;
	return in_process(process, take);
}
`,
    { headers: ["sys/socket.h", "sys/uio.h"], needs: [process] },
  );
}

/** Calls that block; with `events`, each remembers where it began. */
export function blockingHelper(events: Helper | undefined): Helper {
  return helper(
    c`
/* A step on a thread of its own, since it is expected to block. */
struct started {
	pthread_t thread;
	long (*step)(void);
	long result;
	bool begun, over;
	char value[256];${events ? "\n\tunsigned int events;	/* how many had been seen before it */" : ""}
};

static void *run_step(void *argument)
{
	struct started *started = argument;

	value[0] = 0;
	started->result = started->step();
	memcpy(started->value, value, sizeof(value));
	return NULL;
}

/* Waits until the step has returned, or for so long. */
static long wait_for(struct started *started, unsigned int ms)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_nsec += ms % 1000 * 1000000L;
	end.tv_sec += ms / 1000 + end.tv_nsec / 1000000000L;
	end.tv_nsec %= 1000000000L;
	if (!started->over && pthread_timedjoin_np(started->thread, NULL, &end))
		return BLOCKED;
	started->over = true;
	memcpy(value, started->value, sizeof(value));
	return started->result;
}

static bool pending(struct started *started)
{
	if (started->begun && !started->over && !pthread_tryjoin_np(started->thread, NULL))
		started->over = true;
	return started->begun && !started->over;
}

static long start(struct started *started, long (*step)(void))
{
	started->step = step;${events ? "\n\tstarted->events = events_told;" : ""}
	if (pthread_create(&started->thread, NULL, run_step, started))
		abort();
	started->begun = true;
	return wait_for(started, 300);
}

static long finish(struct started *started)
{
	return wait_for(started, 5000);
}
`,
    { headers: ["pthread.h", "time.h"], needs: events ? [results, events] : [results] },
  );
}

/** A program that never ends says so. */
export const watchdog = helper(
  c`
/* Ends a program whose kernel does not come back. */
static void *watch(void *unused)
{
	(void)unused;
	sleep(60);
	printf("Bail out! The step behind the last one has not returned within a minute\n");
	fflush(stdout);
	_exit(1);
}

static void start_watchdog(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, watch, NULL);
}
`,
  { headers: ["pthread.h"], needs: [results], setup: "start_watchdog();" },
);
