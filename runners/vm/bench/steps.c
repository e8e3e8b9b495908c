/*
 * What the suite's own runner is held against: the steps of the program in compare.ts, in a process of their own.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Four pages, which is what the operations make where nothing is said. */
#define SIZE 16384

int main(void)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = SIZE };
	int memory = memfd_create("timed", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), buffer;
	char *bytes;

	if (memory < 0 || device < 0 || ftruncate(memory, SIZE) < 0 || fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK) < 0)
		return 1;
	create.memfd = memory;
	buffer = ioctl(device, UDMABUF_CREATE, &create);
	if (buffer < 0)
		return 2;
	bytes = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, buffer, 0);
	if (bytes == MAP_FAILED)
		return 3;
	bytes[0] = 1;
	return bytes[0] != 1 || munmap(bytes, SIZE) < 0 || close(buffer) < 0;
}
