/**
 * Mappings in C, and accesses that may raise a signal.
 *
 * @module
 */
import { helper } from "../helper.ts";
import { memfdCreate } from "./files.ts";
import { resultOf, results } from "./results.ts";

const c = String.raw;

/** Memory that is mapped. */
export const vma = helper(
  c`
struct vma {
	char *address;
	size_t length;
};
`,
  { headers: ["stddef.h"], needs: [results] },
);

/** Maps a file. */
export const mapFile = helper(
  c`
static long map_file(struct vma *vma, int fd, __u64 offset, __u64 length, int protection, int flags)
{
	char *address = mmap(NULL, length, protection, flags, fd, offset);

	if (address == MAP_FAILED)
		return -errno;
	*vma = (struct vma){ address, length };
	return 0;
}
`,
  { headers: ["sys/mman.h"], needs: [vma] },
);

/** Maps a whole buffer. */
export const mapBuffer = helper(
  c`
/* Maps a buffer from an offset to its end. */
static long map_buffer(struct vma *vma, int buffer, __u64 offset, int protection, int flags)
{
	off_t size = lseek(buffer, 0, SEEK_END);

	if (size < 0)
		return -errno;
	return map_file(vma, buffer, offset, size - offset, protection, flags);
}
`,
  { needs: [mapFile] },
);

/** Accesses that may fault. */
export const guard = helper(
  c`
/* Where to go on when an access of this thread faults. */
static __thread sigjmp_buf *volatile landing;

static void on_fault(int signal)
{
	if (landing)
		siglongjmp(*landing, signal);
	_exit(128 + signal);
}

static void catch_faults(void)
{
	struct sigaction action = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };

	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
}
`,
  { headers: ["setjmp.h", "signal.h"], needs: [vma], setup: "catch_faults();" },
);

/** Loads a byte. */
export const load = helper(
  c`
static long memory_load(struct vma vma, unsigned int page)
{
	volatile unsigned char *byte = (unsigned char *)vma.address + page * PAGE;
	sigjmp_buf here;
	long result;
	int signal = sigsetjmp(here, 1);

	if (signal) {
		landing = NULL;
		return FAULTED(signal);
	}
	landing = &here;
	result = *byte;
	landing = NULL;
	return result;
}
`,
  { needs: [guard] },
);

/** Stores a byte. */
export const store = helper(
  c`
static long memory_store(struct vma vma, unsigned int page, unsigned char byte)
{
	sigjmp_buf here;
	int signal = sigsetjmp(here, 1);

	if (signal) {
		landing = NULL;
		return FAULTED(signal);
	}
	landing = &here;
	*((volatile unsigned char *)vma.address + page * PAGE) = byte;
	landing = NULL;
	return 0;
}
`,
  { needs: [guard] },
);

/** Has the kernel copy. */
export const kernelCopy = helper(
  c`
/* Has the kernel copy a byte of a file into the mapping, or out of it. */
static long kernel_copy(struct vma vma, unsigned int page, bool out)
{
	long file = make_memfd(1, false);
	char *byte = vma.address + page * PAGE;
	long result;

	if (file < 0)
		return file;
	result = result_of(out ? pwrite(file, byte, 1, 0) : pread(file, byte, 1, 0));
	close(file);
	return result;
}
`,
  { needs: [vma, memfdCreate, resultOf] },
);

/** Unmaps pages. */
export const unmapPages = helper(
  c`
/* Unmaps pages; up to the end for 0. */
static long memory_unmap(struct vma vma, __u64 first, __u64 pages)
{
	size_t length = pages ? pages * PAGE : vma.length - first * PAGE;

	return result_of(munmap(vma.address + first * PAGE, length));
}
`,
  { headers: ["sys/mman.h"], needs: [vma, resultOf] },
);

/** Whether a forked process has a mapping. */
export const inherited = helper(
  c`
/* Whether this process has the mapping, too. */
static long memory_inherited(struct vma vma)
{
	unsigned char pages[1];

	return mincore(vma.address, PAGE, pages) && errno == ENOMEM ? -ENOENT : 0;
}
`,
  { headers: ["sys/mman.h"], needs: [vma] },
);
