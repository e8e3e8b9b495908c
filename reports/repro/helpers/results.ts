/**
 * What every program has: results of steps, and how they are told.
 *
 * @module
 */
import { helper } from "../helper.ts";

const c = String.raw;

/** Results of steps, and the words of the runner for them. */
export const results = helper(
  c`
/* A step gives 0 or more, or -errno as the kernel has it, or one of these. */
#define BLOCKED			(-10000)	/* it has not returned */
#define SKIPPED			(-10001)	/* an object that it needs is not there */
#define FAULTED(signal)		(-10100 - (signal))

#define PAGE			((__u64)sysconf(_SC_PAGESIZE))

/* What the step gave besides, as JSON. */
static __thread char value[256];

static const char *describe(long result)
{
	static char text[320];

	if (result == BLOCKED)
		return "blocked";
	if (result == SKIPPED)
		return "was skipped";
	if (result == FAULTED(SIGBUS))
		return "raised SIGBUS";
	if (result == FAULTED(SIGSEGV))
		return "raised SIGSEGV";
	if (result >= 0 && !value[0])
		return "succeeded";
	if (result >= 0)
		snprintf(text, sizeof(text), "returned %s", value);
	else
		snprintf(text, sizeof(text), "failed with %s", strerrorname_np(-result));
	return text;
}
`,
  {
    headers: [
      "errno.h",
      "signal.h",
      "stdbool.h",
      "stdio.h",
      "stdlib.h",
      "string.h",
      "unistd.h",
      "linux/types.h",
    ],
  },
);

/** The result of a system call. */
export const resultOf = helper(
  c`
static long result_of(long result)
{
	return result < 0 ? -errno : result;
}
`,
  { needs: [results] },
);

/** A request to a driver. */
export const request = helper(
  c`
static long request(int fd, unsigned long number, void *argument)
{
	return result_of(ioctl(fd, number, argument));
}
`,
  { headers: ["sys/ioctl.h"], needs: [resultOf] },
);

/** A step that gives a number. */
export const number = helper(
  c`
/* The step gives a number. */
static long number(long result)
{
	if (result >= 0)
		snprintf(value, sizeof(value), "%ld", result);
	return result;
}
`,
  { needs: [results] },
);

/** A step that gives yes or no. */
export const truth = helper(
  c`
/* The step gives yes or no. */
static long truth(long result)
{
	if (result >= 0)
		snprintf(value, sizeof(value), "%s", result ? "true" : "false");
	return result;
}
`,
  { needs: [results] },
);

/** A field of a value. */
export const fieldIs = helper(
  c`
/* Whether the value of the step has this text in a field. */
static bool field_is(const char *name, const char *text)
{
	const char *found = strstr(value, name);

	if (!found || found[-1] != '"' || strncmp(found + strlen(name), "\":", 2))
		return false;
	found += strlen(name) + 2;
	return !strncmp(found, text, strlen(text)) && strchr(",}", found[strlen(text)]);
}
`,
  { needs: [results] },
);

/** A number in a field of a value. */
export const field = helper(
  c`
/* The number in a field of the value of the step, or -1. */
static long long field(const char *name)
{
	const char *found = strstr(value, name);

	if (!found || found[-1] != '"' || strncmp(found + strlen(name), "\":", 2))
		return -1;
	return strtoll(found + strlen(name) + 2, NULL, 10);
}
`,
  { needs: [results] },
);

/** Which party of a disagreement a kernel follows. */
export const holders = helper(
  c`
static const char *follows;

/* What is disputed: notes who holds what was seen. */
static bool as(const char *holder, bool seen)
{
	if (seen)
		follows = holder;
	return seen;
}
`,
  { headers: ["stdbool.h"] },
);

/** Ends a program that cannot be run here. */
export const skip = helper(
  c`
/* What is missing here is no mistake of the kernel. */
static void __attribute__((noreturn)) skip(const char *what)
{
	printf("1..0 # SKIP %s: %s\n", what, strerror(errno));
	exit(4);
}
`,
  { needs: [results] },
);

/** Memory that ends where a page begins that cannot be touched. */
export const atPageEnd = helper(
  c`
/* Copies bytes to where a page begins that cannot be touched, so that a longer reach is EFAULT. */
static void *at_page_end(const void *bytes, size_t length)
{
	char *room = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED || mprotect(room + PAGE, PAGE, PROT_NONE))
		abort();
	return memcpy(room + PAGE - length, bytes, length);
}
`,
  { headers: ["sys/mman.h"], needs: [results] },
);
