// SPDX-License-Identifier: GPL-2.0
/*
 * Hammers the module: threads that do whatever they like with the same objects, close descriptors under each other,
 * send nonsense, and try to unload the module; then every request with memory that cannot be had, failure by failure;
 * then the threads again, half of them short of memory. In the end it looks at what is left, at what the kernel said,
 * and at whether everything that watches was still watching.
 *
 * As process 1 it takes what it needs from the kernel's command line: stress_seconds, stress_seed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

#define THREADS 8
#define SLOTS 24
#define NO_FD (-1)

/* Numbers that all threads share and nobody protects: whoever is late finds another object, or none. */
static volatile int modules[2], devices[SLOTS], buffers[SLOTS];
static volatile unsigned int device_ids[SLOTS], attachments[SLOTS], mappings[SLOTS], vmappings[SLOTS], fences[SLOTS];
static volatile int stopping;
static volatile unsigned long done[THREADS];
static volatile int doing[THREADS];

/* A small generator of numbers; the same seed gives the same ones. */
static unsigned int next(unsigned int *state, unsigned int below)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % below;
}

static void replace(volatile int *slot, int fd)
{
	int old = __atomic_exchange_n(slot, fd < 0 ? NO_FD : fd, __ATOMIC_SEQ_CST);

	if (old >= 0)
		close(old);
}

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		printf("cannot write %s to %s: %s\n", text, path, strerror(errno));
	close(fd);
}

/* Every request with memory that cannot be had. */

static int test_buffer(int module)
{
	struct conform_export arg = {
		.argsz = sizeof(arg),
		.flags = CONFORM_EXPORT_MMAP | CONFORM_EXPORT_VMAP | CONFORM_EXPORT_PIN,
		.size = 4 * PAGE,
		.over_fd = -1,
	};
	int ret = request(module, CONFORM_EXPORT, &arg);

	return ret < 0 ? ret : arg.fd;
}

/* A little of everything, going on after each failure as far as there is something to go on with. */
static void everything_once(int module)
{
	struct conform_map vmap = { .argsz = sizeof(vmap) };
	unsigned int id, imp = 0, mapping = 0, fence = 0;
	int device = create_device(module, 0, 8, &id);
	int buffer = device < 0 ? device : export_pages(device, 0, 4);
	int other = test_buffer(module);
	int fence_fd = create_fence(module, &fence);

	if (buffer >= 0 && attach(module, buffer, CONFORM_KIND_DYNAMIC, CONFORM_POLICY_REMAP, 0, &imp) >= 0)
		map(module, imp, &mapping);
	if (buffer >= 0 && attach(module, buffer, CONFORM_KIND_REVOCABLE, CONFORM_POLICY_JOB, 5, &imp) >= 0)
		map(module, imp, &mapping);
	if (other >= 0 && attach(module, other, CONFORM_KIND_PINNED, CONFORM_POLICY_UNMAP, 0, &imp) >= 0) {
		map(module, imp, &mapping);
		vmap.attachment = imp;
		request(module, CONFORM_VMAP, &vmap);
	}
	if (buffer >= 0) {
		long memory = map_cpu(buffer, 4);

		add_fence(module, buffer, fence, CONFORM_USAGE_WRITE);
		signal_fence(module, fence, 0);
		if (memory > 0)
			munmap((void *)memory, 4 * PAGE);
		set_memory(device, 0);
		set_memory(device, 1);
		revoke_buffer(device, buffer);
		close(buffer);
	}
	if (fence_fd >= 0)
		close(fence_fd);
	if (other >= 0)
		close(other);
	if (device >= 0)
		close(device);
}

static void wait_until_gone(void)
{
	int tries;

	for (tries = 0; tries < 300; tries++) {
		struct conform_info info = { .argsz = sizeof(info) };
		int module = open_module();

		request(module, CONFORM_INFO, &info);
		close(module);
		if (!info.objects && !info.buffers)
			return;
		usleep(100000);
	}
	CHECK("every object and buffer is gone in the end", 0);
}

/* The kernel fails the nth thing that can fail, once; 0 when there is nothing left to fail. */
static int with_failure(int nth)
{
	char text[16] = "";
	int module = open_module();
	int fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	if (fd < 0 || module < 0) {
		close(module);
		return -1;
	}
	snprintf(text, sizeof(text), "%d", nth);
	if (write(fd, text, strlen(text)) < 0)
		CHECK("fail-nth takes a number", 0);
	everything_once(module);
	memset(text, 0, sizeof(text));
	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		text[0] = '0';
	/* the reset itself may be the nth thing; nothing is left to fail then */
	if (pwrite(fd, "0", 1, 0) < 0 && pwrite(fd, "0", 1, 0) < 0)
		CHECK("fail-nth can be reset", 0);
	close(fd);
	close(module);
	wait_until_gone();
	return atoi(text) == 0;
}

static void out_of_memory(void)
{
	int nth, failed;

	write_to("/sys/kernel/debug/failslab/verbose", "0");
	write_to("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	write_to("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	write_to("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	write_to("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	write_to("/sys/kernel/debug/fail_usercopy/verbose", "0");
	for (nth = 1; nth < 5000; nth++) {
		failed = with_failure(nth);
		if (failed < 0) {
			printf("this kernel makes no faults to order: out of memory is left out\n");
			return;
		}
		if (!failed)
			break;
	}
	printf("out of memory: each of %d allocations and copies failed once\n", nth - 1);
	CHECK("there is an end of what can fail", nth < 5000);
}

/* Threads. */

static void make(unsigned int *state)
{
	int module = modules[next(state, 2)];
	unsigned int at = next(state, SLOTS), id = 0;
	int fd;

	switch (next(state, 4)) {
	case 0:
		fd = create_device(module, next(state, 2) ? CONFORM_DEVICE_FLR : 0, 8, &id);
		device_ids[at] = id;
		return replace(&devices[at], fd);
	case 1:
		return replace(&buffers[at], test_buffer(module));
	case 2:
		fd = create_fence(module, &id);
		fences[at] = id;
		if (fd >= 0)
			close(fd);
		return;
	default:
		fd = devices[next(state, SLOTS)];
		return replace(&buffers[at], export_pages(fd, next(state, 5), 1 + next(state, 4)));
	}
}

static void import(unsigned int *state)
{
	int module = modules[next(state, 2)];
	unsigned int at = next(state, SLOTS), id = 0;
	unsigned int imp = attachments[next(state, SLOTS)];
	struct conform_map vmap = { .argsz = sizeof(vmap), .attachment = imp };

	switch (next(state, 10)) {
	case 0:
	case 1:
	case 2:
		if (attach(module, buffers[next(state, SLOTS)], next(state, 4), next(state, 5), next(state, 30), &id) >= 0)
			attachments[at] = id;
		return;
	case 3:
	case 4:
		if (map(module, imp, &id) >= 0)
			mappings[at] = id;
		return;
	case 5:
		with_id(module, CONFORM_UNMAP, mappings[at]);
		return;
	case 6:
		with_id(module, CONFORM_DETACH, imp);
		return;
	case 7:
		if (request(module, CONFORM_VMAP, &vmap) >= 0)
			vmappings[at] = vmap.id;
		return;
	case 8:
		with_id(module, CONFORM_VUNMAP, vmappings[at]);
		return;
	default:
		with_id(module, CONFORM_REVOCABLE, imp);
		with_id(module, next(state, 2) ? CONFORM_PIN : CONFORM_UNPIN, imp);
		return;
	}
}

static void use(unsigned int *state)
{
	int module = modules[next(state, 2)];
	int buffer = buffers[next(state, SLOTS)];
	char events[4 * sizeof(struct conform_event)];
	struct conform_buffer move = { .argsz = sizeof(move), .dmabuf_fd = buffer };
	struct conform_buffer_counts counts = { .argsz = sizeof(counts), .dmabuf_fd = buffer };
	long memory;

	switch (next(state, 7)) {
	case 0:
		read_byte(module, mappings[next(state, SLOTS)], next(state, 4));
		return;
	case 1:
		write_byte(module, vmappings[next(state, SLOTS)], next(state, 4), 1);
		return;
	case 2:
		memory = map_cpu(buffer, 2);
		if (memory > 0) {
			load(memory);
			load(memory + PAGE);
			munmap((void *)memory, 2 * PAGE);
		}
		return;
	case 3:
		request(module, CONFORM_MOVE, &move);
		return;
	case 4:
		request(module, CONFORM_INVALIDATE, &move);
		return;
	case 5:
		request(module, CONFORM_BUFFER_COUNTS, &counts);
		return;
	default:
		if (read(module, events, sizeof(events)) < 0)
			return;
		return;
	}
}

static void take_away(unsigned int *state)
{
	int module = modules[next(state, 2)];
	unsigned int at = next(state, SLOTS);
	int device = devices[at];
	uint32_t hot_reset[3] = { 12 };
	uint8_t d3 = next(state, 2) ? 3 : 0;

	switch (next(state, 10)) {
	case 0:
	case 1:
		revoke_buffer(device, buffers[next(state, SLOTS)]);
		return;
	case 2:
		set_memory(device, 0);
		return;
	case 3:
		set_memory(device, 1);
		return;
	case 4:
		request(device, _IO(';', 111), NULL);
		return;
	case 5:
		request(device, _IO(';', 113), hot_reset);
		return;
	case 6:
		if (pwrite(device, &d3, 1, (7ll << 40) + 0x44) < 0)
			return;
		return;
	case 7:
		add_fence(module, buffers[at], fences[next(state, SLOTS)], next(state, 4));
		return;
	case 8:
		signal_fence(module, fences[at], next(state, 2) ? EIO : 0);
		return;
	default:
		with_id(module, CONFORM_FENCE_ABANDON, fences[at]);
		return;
	}
}

/* Closes what others use, at any moment. */
static void let_go(unsigned int *state)
{
	unsigned int at = next(state, SLOTS);

	switch (next(state, 8)) {
	case 0:
		return replace(&devices[at], NO_FD);
	case 1:
		return replace(&modules[at % 2], open_module());
	case 2:
		/* the module is in use, or it goes and comes back */
		if (unload_module() == 0)
			load_module("safety_ms=300");
		return;
	default:
		return replace(&buffers[at], NO_FD);
	}
}

/* Any bytes under any number, with any size. */
static void nonsense(unsigned int *state)
{
	unsigned int words[40], at;
	int fd = next(state, 2) ? modules[next(state, 2)] : devices[next(state, SLOTS)];

	for (at = 0; at < 40; at++)
		words[at] = next(state, 3) ? next(state, 64) : *state;
	/* a limit of hours would only keep the fence for so long */
	if (next(state, 2))
		words[0] = next(state, 160);
	if (next(state, 2)) {
		unsigned int number = next(state, 48);

		if (number == _IOC_NR(CONFORM_FENCE_CREATE))
			words[1] = next(state, 300);
		/* one takes all the memory that there is, the other waits for the rest of the threads */
		if (number == _IOC_NR(CONFORM_EXPORT) || number == _IOC_NR(CONFORM_DEVICE_UNBIND))
			return;
		/* asks for a callback without its lock, which nothing of an importer stands */
		if (number == _IOC_NR(CONFORM_INVALIDATE))
			words[2] &= ~CONFORM_BUFFER_UNLOCKED;
		request(fd, _IO(CONFORM_TYPE, number), words);
	} else {
		request(fd, _IO(';', 100 + next(state, 30)), words);
	}
}

static void *hammer(void *argument)
{
	static void (*const acts[])(unsigned int *state) = {
		make, make, import, import, import, import, use, use, take_away, take_away, let_go, nonsense,
	};
	unsigned long self = (unsigned long)argument;
	unsigned int state = (unsigned int)(getenv("stress_seed") ? atoi(getenv("stress_seed")) : 1) * 2654435761u + self;

	if (self % 2 == 0)
		write_to("/proc/thread-self/make-it-fail", "1");
	while (!stopping) {
		unsigned int act = next(&state, sizeof(acts) / sizeof(acts[0]));

		doing[self] = act;
		acts[act](&state);
		done[self]++;
	}
	doing[self] = -1;
	return NULL;
}

static unsigned int first_descriptor;

static void close_all(void)
{
	unsigned int at;

	for (at = 0; at < SLOTS; at++) {
		replace(&devices[at], NO_FD);
		replace(&buffers[at], NO_FD);
	}
	replace(&modules[0], NO_FD);
	replace(&modules[1], NO_FD);
	/* and what came of nonsense */
	close_range(first_descriptor, ~0U, 0);
}

/* Half of the threads run out of memory now and then. */
static void fail_now_and_then(const char *percent)
{
	static const char *const faults[] = { "failslab", "fail_page_alloc", "fail_usercopy" };
	char path[64];
	unsigned int at;

	for (at = 0; at < 3; at++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/task-filter", faults[at]);
		write_to(path, "Y");
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/times", faults[at]);
		write_to(path, "-1");
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s/probability", faults[at]);
		write_to(path, percent);
	}
}

static void threads(int seconds, const char *percent)
{
	pthread_t thread[THREADS];
	unsigned long at, sum = 0;
	struct timespec limit;
	int stuck = 0;

	for (at = 0; at < SLOTS; at++)
		devices[at] = buffers[at] = NO_FD;
	modules[0] = open_module();
	modules[1] = open_module();
	stopping = 0;
	fail_now_and_then(percent);
	for (at = 0; at < THREADS; at++)
		pthread_create(&thread[at], NULL, hammer, (void *)at);
	for (at = 0; at < (unsigned long)seconds; at++)
		sleep(1);
	stopping = 1;
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 60;
	for (at = 0; at < THREADS; at++) {
		if (pthread_timedjoin_np(thread[at], NULL, &limit)) {
			stuck++;
			printf("thread %lu is stuck in act %d\n", at, doing[at]);
		}
		sum += done[at];
		done[at] = 0;
	}
	fail_now_and_then("0");
	printf("%d threads did %lu things in %d s, %s %% of what half of them asked memory for failed\n", THREADS, sum,
	       seconds, percent);
	if (stuck)
		write_to("/proc/sysrq-trigger", "w");
	CHECK("no thread is stuck", stuck == 0);
	CHECK("the threads did something", sum > 100);
	close_all();
	wait_until_gone();
}

/* What the kernel said, and what it lost. */

static int is_report(const char *line)
{
	static const char *const words[] = {
		"BUG:", "WARNING:", "KASAN", "UBSAN", "possible circular", "possible recursive", "possible deadlock",
		"inconsistent lock", "INFO: task", "INFO: rcu", "DMA-API:", "general protection", "Oops", "refcount_t:",
		"sleeping function", "ODEBUG", "bad unlock", "held lock freed", "kernel tried", "list_add corruption",
		"list_del corruption", "unreferenced object",
	};
	/* what the core says of what it was asked: pins of static attachments, and memory that it could not have */
	static const char *const asked[] = {
		"at dma_buf_pin+", "at dma_buf_unpin+", "at dma_buf_vmap+", "cacheline tracking ENOMEM",
	};
	unsigned int at;

	for (at = 0; at < sizeof(asked) / sizeof(asked[0]); at++)
		if (strstr(line, asked[at]))
			return 0;
	for (at = 0; at < sizeof(words) / sizeof(words[0]); at++)
		if (strstr(line, words[at]))
			return 1;
	return 0;
}

static void look_at_log(void)
{
	int size = klogctl(10, NULL, 0);
	char *log = malloc(size + 1), *line, *rest;
	int length = klogctl(3, log, size), reports = 0;

	log[length < 0 ? 0 : length] = 0;
	for (line = strtok_r(log, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		if (!is_report(line))
			continue;
		reports++;
		printf("reported: %s\n", line);
	}
	free(log);
	CHECK("the kernel reports nothing", reports == 0);
}

static void look_for_leaks(void)
{
	char text[2048];
	int fd, round;
	long size;

	for (round = 0; round < 3; round++) {
		sleep(6);
		write_to("/sys/kernel/debug/kmemleak", "scan");
	}
	fd = open("/sys/kernel/debug/kmemleak", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return (void)printf("this kernel does not look for leaks\n");
	while ((size = read(fd, text, sizeof(text) - 1)) > 0) {
		text[size] = 0;
		printf("%s", text);
		CHECK("no memory of the module is leaked", !strstr(text, "dmabuf_conform"));
	}
	close(fd);
	printf("looked for leaks\n");
}

/* What a file has behind a text, without spaces before it; -1 where there is no such file or text. */
static int behind(const char *path, const char *text)
{
	char line[256];
	FILE *file = fopen(path, "re");
	int found = -1;

	if (!file)
		return -1;
	while (found < 0 && fgets(line, sizeof(line), file)) {
		char *at = strstr(line, text);

		if (at)
			found = (at + strlen(text))[strspn(at + strlen(text), " ")];
	}
	fclose(file);
	return found;
}

static const char *word(int watching)
{
	return watching < 0 ? "not there" : watching ? "watching" : "NOT WATCHING ANY MORE";
}

/* Silence means something only where somebody watches. Lockdep and others switch themselves off. */
static void look_at_detectors(const char *when, int short_of_memory)
{
	int kasan = behind("/proc/kallsyms", " kasan_report\n") < 0 ? -1 : 1;
	int locks = behind("/proc/lockdep_stats", "debug_locks:");
	int lockdep = locks < 0 ? -1 : locks == '1';
	int disabled = behind("/sys/kernel/debug/dma-api/disabled", "");
	int dma = disabled < 0 ? -1 : disabled == 'N';
	int kmemleak = access("/sys/kernel/debug/kmemleak", F_OK) ? -1 : 1;
	int fd = open("/sys/kernel/debug/kmemleak", O_WRONLY | O_CLOEXEC);

	/* one that has switched itself off takes nothing but to be cleared */
	if (fd >= 0 && write(fd, "scan", 4) < 0)
		kmemleak = 0;
	if (fd >= 0)
		close(fd);
	printf("%s: KASAN is %s, lockdep is %s, the look for leaks is %s, the look at DMA is %s\n", when, word(kasan),
	       word(lockdep), word(kmemleak), word(dma));
	CHECK("lockdep watches", lockdep != 0);
	CHECK("the look for leaks goes on", kmemleak != 0);
	/* it ends by itself when it cannot have memory for its own lists */
	CHECK("the look at DMA goes on", short_of_memory || dma != 0);
}

int main(void)
{
	int seconds = getenv("stress_seconds") ? atoi(getenv("stress_seconds")) : 30;

	become_init("safety_ms=300");
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	signal(SIGPIPE, SIG_IGN);
	klogctl(5, NULL, 0);
	first_descriptor = dup(0);
	close(first_descriptor);
	threads(seconds / 2, "0");
	look_at_detectors("with memory", 0);
	out_of_memory();
	threads(seconds - seconds / 2, "2");
	look_for_leaks();
	look_at_detectors("short of memory", 1);
	usleep(500000);
	GIVES(0, unload_module());
	look_at_log();
	return finish();
}
