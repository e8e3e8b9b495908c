/**
 * The kernel module in C: its importer, its exporters, its fences, and what it reports.
 *
 * @module
 */
import { ABI } from "../abi.ts";
import { helper } from "../helper.ts";
import { openOrSkip } from "./files.ts";
import { request, results } from "./results.ts";

const c = String.raw;

/** What happened by itself. */
export const events = helper(
  c`
/* What happened by itself, in the order in which it was seen. */
#define EVENTS 64

static char event[EVENTS][80];
static unsigned int events_seen, events_told;

static void __attribute__((format(printf, 1, 2))) note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(event[events_seen++ % EVENTS], sizeof(event[0]), format, arguments);
	va_end(arguments);
}
`,
  { headers: ["stdarg.h", "stdbool.h", "stdio.h", "string.h"], needs: [results] },
);

/** Counts events. */
export const countSince = helper(
  c`
/* How often there was an event from some place on. */
static unsigned int count_since(unsigned int first, const char *what)
{
	unsigned int i, found = 0;

	for (i = first; i < events_seen; i++)
		found += !strcmp(event[i % EVENTS], what);
	return found;
}
`,
  { needs: [events] },
);

/** Compares events. */
export const orderSince = helper(
  c`
/* Whether the events of these kinds were just these, in this order. */
static bool order_since(unsigned int first, const char *kinds, const char *expected)
{
	char kind[32], seen[1024] = "";
	unsigned int i;

	for (i = first; i < events_seen; i++) {
		const char *text = event[i % EVENTS];

		snprintf(kind, sizeof(kind), "%.*s ", (int)strcspn(text, " "), text);
		if (!strstr(kinds, kind))
			continue;
		if (seen[0])
			strcat(seen, ", ");
		strncat(seen, text, sizeof(seen) - strlen(seen) - 3);
	}
	return !strcmp(seen, expected);
}
`,
  { needs: [events] },
);

/** The module's file. */
export const module = helper(
  c`
static int module_fd = -1;

/* The module's file, of which each process has one. */
static int module(void)
{
	if (module_fd < 0)
		module_fd = open_or_skip(CONFORM_PATH);
	return module_fd;
}
`,
  {
    abi: [ABI.module],
    needs: [openOrSkip],
    requires: "the module dmabuf_conform of dmabuf-conform, loaded (/dev/dmabuf-conform)",
  },
);

/** The PCI device that imports, where there is one. */
export const importerDevice = helper(
  c`
/* The PCI device that was given to the module; the module's own where none was. */
static const char *importer_device(void)
{
	static char address[16];
	struct dirent *entry;
	DIR *devices = address[0] ? NULL : opendir("/sys/bus/pci/drivers/dmabuf-conform");

	while (devices && (entry = readdir(devices)))
		if (strlen(entry->d_name) == 12 && strchr(entry->d_name, ':'))
			memcpy(address, entry->d_name, 12);
	if (devices)
		closedir(devices);
	return address;
}
`,
  { headers: ["dirent.h", "string.h"], needs: [results] },
);

/** Importers, and what they see. */
export const importers = helper(
  c`
/* The names of the importers, by the numbers that the module gives them. */
static struct {
	__u32 id;
	const char *name;
} importers[16];
static unsigned int importer_count;

static const char *importer_name(__u32 id)
{
	unsigned int i;

	for (i = 0; i < importer_count; i++)
		if (importers[i].id == id)
			return importers[i].name;
	return NULL;
}

static void look_at_importers(void)
{
	struct conform_event seen;
	const char *name;

	while (module_fd >= 0 && read(module_fd, &seen, sizeof(seen)) == sizeof(seen)) {
		name = importer_name(seen.attachment);
		if (!name)
			continue;
		if (seen.kind == CONFORM_EVENT_INVALIDATE)
			note("invalidate of %s", name);
		else if (seen.kind != CONFORM_EVENT_REMAP)
			note("unmap of %s", name);
		else if (seen.error)
			note("remap of %s that fails with %s", name, strerrorname_np(seen.error));
		else
			note("remap of %s that succeeds", name);
	}
}

static long importer_attach(const char *name, struct conform_attach attach)
{
	long result;

	attach.argsz = sizeof(attach);
	if (!(attach.flags & CONFORM_ATTACH_NO_DEVICE))
		memcpy(attach.device, importer_device(), sizeof(attach.device));
	result = request(module(), CONFORM_ATTACH, &attach);
	if (result < 0)
		return result;
	if (importer_count < 16) {
		importers[importer_count].id = attach.id;
		importers[importer_count++].name = name;
	}
	return attach.id;
}
`,
  { needs: [module, events, request, importerDevice] },
);

/** A request that takes an object of the module. */
export const moduleObject = helper(
  c`
/* A request about an object of the module. */
static long ask(unsigned long number, __u32 id)
{
	struct conform_object object = { .argsz = sizeof(object), .id = id };

	return request(module(), number, &object);
}
`,
  { needs: [module, request] },
);

/** Maps for the importer. */
export const importerMap = helper(
  c`
/* CONFORM_MAP for the importer's device, CONFORM_VMAP for the kernel. */
static long importer_map(unsigned long number, __u32 attachment)
{
	struct conform_map map = { .argsz = sizeof(map), .attachment = attachment };
	long result = request(module(), number, &map);

	return result < 0 ? result : (long)map.id;
}
`,
  { needs: [module, request] },
);

/** Asks the exporter for the physical range. */
export const privateMap = helper(
  c`
static long private_map(__u32 attachment)
{
	struct conform_private_map map = { .argsz = sizeof(map), .attachment = attachment };
	long result = request(module(), CONFORM_PRIVATE_MAP, &map);

	snprintf(value, sizeof(value), "{\"length\":%llu}", (unsigned long long)map.length);
	return result;
}
`,
  { needs: [module, request] },
);

/** The importer's device reads or writes. */
export const importerAccess = helper(
  c`
static long dma_read(__u32 mapping, unsigned int page)
{
	struct conform_access access = {
		.argsz = sizeof(access), .id = mapping, .offset = page * PAGE, .size = 1,
	};
	long result = request(module(), CONFORM_ACCESS, &access);

	return result < 0 ? result : (long)access.value;
}
`,
  { needs: [module, request] },
);

/** The importer's device writes. */
export const importerWrite = helper(
  c`
static long dma_write(__u32 mapping, unsigned int page, unsigned char byte)
{
	struct conform_access access = {
		.argsz = sizeof(access), .id = mapping, .offset = page * PAGE,
		.size = 1, .write = 1, .value = byte,
	};

	return request(module(), CONFORM_ACCESS, &access);
}
`,
  { needs: [module, request] },
);

/** Announces an access of the CPU. */
export const cpuAccess = helper(
  c`
static long begin_cpu_access(__u32 attachment)
{
	struct conform_cpu_access access = { .argsz = sizeof(access), .attachment = attachment };

	return request(module(), CONFORM_CPU_ACCESS, &access);
}
`,
  { needs: [module, request] },
);

/** A fence of the module. */
export const moduleFence = helper(
  c`
static long fence_create(__u32 *id)
{
	struct conform_fence_create create = { .argsz = sizeof(create) };
	long result = request(module(), CONFORM_FENCE_CREATE, &create);

	*id = create.id;
	return result < 0 ? result : create.fd;
}
`,
  { needs: [module, request] },
);

/** Signals a fence of the module. */
export const moduleSignal = helper(
  c`
static long fence_signal(__u32 id, int error)
{
	struct conform_fence_signal signal = { .argsz = sizeof(signal), .id = id, .error = error };

	return request(module(), CONFORM_FENCE_SIGNAL, &signal);
}
`,
  { needs: [module, request] },
);

/** Adds a fence to a buffer. */
export const moduleFenceAdd = helper(
  c`
static long fence_add(int buffer, int fence, __u32 usage)
{
	struct conform_fence_add add = {
		.argsz = sizeof(add), .dmabuf_fd = buffer, .fence_fd = fence, .usage = usage,
	};

	return request(module(), CONFORM_FENCE_ADD, &add);
}
`,
  { needs: [module, request] },
);

/** The test exporter. */
export const testExporter = helper(
  c`
static long exporter_create(struct conform_export export)
{
	long result;

	export.argsz = sizeof(export);
	result = request(module(), CONFORM_EXPORT, &export);
	return result < 0 ? result : export.fd;
}
`,
  { needs: [module, request] },
);

/** What the test exporter counts. */
export const exporterCounts = helper(
  c`
static long exporter_counts(int buffer)
{
	struct conform_buffer_counts counts = { .argsz = sizeof(counts), .dmabuf_fd = buffer };
	long result = request(module(), CONFORM_BUFFER_COUNTS, &counts);

	snprintf(value, sizeof(value),
		 "{\"references\":%u,\"attachments\":%u,\"pins\":%d,\"mappings\":%u,\"fences\":%u}",
		 counts.references, counts.attachments, counts.pins, counts.mappings, counts.fences);
	return result;
}
`,
  { needs: [module, request] },
);

/** Has the test exporter move or invalidate. */
export const exporterBuffer = helper(
  c`
/* CONFORM_MOVE or CONFORM_INVALIDATE. */
static long exporter_buffer(unsigned long number, int buffer, __u32 flags)
{
	struct conform_buffer argument = {
		.argsz = sizeof(argument), .dmabuf_fd = buffer, .flags = flags,
	};

	return request(module(), number, &argument);
}
`,
  { needs: [module, request] },
);
