/*
 * The first process of the machine: does the steps of /etc/steps, one a line, and turns the machine off.
 *
 *   load FILE [PARAMETERS]       loads a module
 *   bind VENDOR:DEVICE [DRIVER]  gives PCI devices to a driver, or to vfio-pci, and then notes them
 *   exec PROGRAM ARGS...         runs a program that writes to the console, behind a line that names it; nothing of
 *                                what it wrote is lost at its end
 *   serve PORT PROGRAM ARGS...   starts a program on a virtio-serial port, and goes on while it starts; the machine runs
 *                                until it ends
 *   tell WORD                    tells it a word, which it reads from descriptor 3; @DEVICES@ there is what was bound
 *   shell PROGRAM ARGS...        runs a program that has the console as its terminal
 *   time COUNT PROGRAM ARGS...   runs a program so many times, and says how many microseconds each took
 *
 * What it says goes to the kernel log, so that it stands in order with what the kernel says.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/reboot.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 32
#define PCI "/sys/bus/pci/devices"
/* How long to wait for a device file, in steps of 10 ms. */
#define PATIENCE 500

/* The descriptor from which the program that serves reads what it is told. */
#define TOLD 3

static char bound[1024];

static void say(const char *format, ...)
{
	char text[480], line[512];
	int kmsg, length;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* a line without its end is shown to nobody until another one begins */
	length = snprintf(line, sizeof(line), "<3>conform: %s\n", text);
	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (kmsg < 0)
		return;
	if (write(kmsg, line, (size_t)length) < 0)
		exit(1);
	close(kmsg);
}

static int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ok;

	if (fd < 0)
		return -1;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return ok ? 0 : -1;
}

static int read_file(const char *path, char *text, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	if (fd < 0)
		return -1;
	length = read(fd, text, room - 1);
	close(fd);
	if (length < 0)
		return -1;
	text[length] = 0;
	text[strcspn(text, "\n")] = 0;
	return 0;
}

static void mount_at(const char *what, const char *where, const char *type)
{
	mkdir(where, 0755);
	if (mount(what, where, type, 0, NULL) < 0 && errno != EBUSY && errno != ENODEV)
		say("cannot mount %s: %s", where, strerror(errno));
}

static void prepare(void)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	mount_at("dev", "/dev", "devtmpfs");
	mount_at("proc", "/proc", "proc");
	mount_at("sys", "/sys", "sysfs");
	mount_at("debug", "/sys/kernel/debug", "debugfs");
	mount_at("tmp", "/tmp", "tmpfs");
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	setenv("PATH", "/bin", 1);
}

static int wait_for(const char *path)
{
	struct stat about;

	for (int i = 0; i < PATIENCE; i++) {
		if (stat(path, &about) == 0)
			return 0;
		usleep(10000);
	}
	say("there is no %s", path);
	return -1;
}

static void load(char **words)
{
	int fd = open(words[1], O_RDONLY | O_CLOEXEC);

	if (fd < 0 || syscall(SYS_finit_module, fd, words[2] ? words[2] : "", 0) < 0)
		if (errno != EEXIST)
			say("cannot load %s: %s", words[1], strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* Whether a device is the one that "vendor:device" names. */
static int is_device(const char *address, const char *id)
{
	char path[512], vendor[16], device[16], both[32];

	snprintf(path, sizeof(path), PCI "/%s/vendor", address);
	if (read_file(path, vendor, sizeof(vendor)) < 0)
		return 0;
	snprintf(path, sizeof(path), PCI "/%s/device", address);
	if (read_file(path, device, sizeof(device)) < 0)
		return 0;
	snprintf(both, sizeof(both), "%s:%s", vendor + 2, device + 2);
	return strcmp(both, id) == 0;
}

static void give_to(const char *driver, const char *address)
{
	char path[512];

	snprintf(path, sizeof(path), PCI "/%s/driver/unbind", address);
	write_file(path, address);
	snprintf(path, sizeof(path), PCI "/%s/driver_override", address);
	if (write_file(path, driver) < 0 || write_file("/sys/bus/pci/drivers_probe", address) < 0)
		say("cannot give %s to %s: %s", address, driver, strerror(errno));
}

static void note(const char *address)
{
	if (strlen(bound) + strlen(address) + 2 > sizeof(bound))
		return;
	strcat(bound, bound[0] ? "," : "");
	strcat(bound, address);
}

static int by_name(const struct dirent **one, const struct dirent **other)
{
	return strcmp((*one)->d_name, (*other)->d_name);
}

static void bind_devices(char **words)
{
	struct dirent **entries;
	int count = scandir(PCI, &entries, NULL, by_name);

	for (int i = 0; i < count; i++) {
		if (is_device(entries[i]->d_name, words[1])) {
			give_to(words[2] ? words[2] : "vfio-pci", entries[i]->d_name);
			if (!words[2])
				note(entries[i]->d_name);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* The device file of the virtio-serial port of a name. */
static int port_of(const char *name, char *path, size_t room)
{
	const char *ports = "/sys/class/virtio-ports";
	char file[512], found[128];

	for (int i = 0; i < PATIENCE; i++, usleep(10000)) {
		DIR *folder = opendir(ports);
		struct dirent *entry;

		while (folder && (entry = readdir(folder))) {
			snprintf(file, sizeof(file), "%s/%s/name", ports, entry->d_name);
			if (entry->d_name[0] == '.' || read_file(file, found, sizeof(found)) < 0 || strcmp(found, name))
				continue;
			snprintf(path, room, "/dev/%s", entry->d_name);
			closedir(folder);
			return 0;
		}
		if (folder)
			closedir(folder);
	}
	say("there is no virtio-serial port %s", name);
	return -1;
}

/* Puts what was bound in place of @DEVICES@. */
static char *filled(char *word)
{
	char *mark = strstr(word, "@DEVICES@"), *whole;

	if (!mark)
		return word;
	if (!bound[0]) {
		/* Nothing was bound: the colon or comma before the mark goes as well. */
		mark[mark > word && strchr(":,", mark[-1]) ? -1 : 0] = 0;
		return word;
	}
	*mark = 0;
	if (asprintf(&whole, "%s%s%s", word, bound, mark + strlen("@DEVICES@")) < 0)
		return word;
	return whole;
}

/* When a program ends that has a terminal of its own, the terminal drops what was not written out yet. */
enum terminal { NO_TERMINAL, OWN_TERMINAL };

/* A program that was started. */
struct running {
	pid_t process;
	char name[128];
};

/* Becomes the program. */
static void __attribute__((noreturn)) become(char **program, const char *input, enum terminal terminal, int told)
{
	int fd, console;

	if (terminal == OWN_TERMINAL)
		setsid();
	fd = open(input, O_RDWR | O_NOCTTY);
	console = open("/dev/console", O_RDWR | O_NOCTTY);
	if (fd < 0 || console < 0) {
		say("cannot open %s: %s", input, strerror(errno));
		_exit(127);
	}
	if (terminal == OWN_TERMINAL)
		ioctl(fd, TIOCSCTTY, 1);
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(console, 2);
	if (told >= 0)
		dup2(told, TOLD);
	closefrom(told >= 0 ? TOLD + 1 : TOLD);
	execv(program[0], program);
	say("cannot run %s: %s", program[0], strerror(errno));
	_exit(127);
}

static struct running start(char **program, const char *input, enum terminal terminal, int told)
{
	struct running running = { .process = fork() };

	if (running.process == 0)
		become(program, input, terminal, told);
	snprintf(running.name, sizeof(running.name), "%s", program[0]);
	return running;
}

static void wait_until_over(const struct running *running)
{
	int status = 0;
	pid_t gone;

	do {
		gone = wait(&status);
	} while (gone != running->process && (gone > 0 || errno == EINTR));
	if (WIFSIGNALED(status))
		say("%s ended by signal %d", running->name, WTERMSIG(status));
	else
		say("%s ended with status %d", running->name, WEXITSTATUS(status));
}

static void run(char **program, const char *input, enum terminal terminal)
{
	struct running running = start(program, input, terminal, -1);

	wait_until_over(&running);
}

static struct running serving;
static int telling = -1;

static void serve(char **words)
{
	char path[300];
	int ends[2];

	if (port_of(words[1], path, sizeof(path)) < 0 || wait_for(path) < 0)
		return;
	if (pipe(ends) < 0)
		return say("cannot make a pipe: %s", strerror(errno));
	serving = start(words + 2, path, OWN_TERMINAL, ends[0]);
	close(ends[0]);
	telling = ends[1];
}

static void tell(char **words)
{
	char *word = filled(words[1]);

	/* where the program has ended, its end says more than this would */
	if (write(telling, word, strlen(word)) < 0 && errno != EPIPE)
		say("cannot tell %s: %s", serving.name, strerror(errno));
	close(telling);
}

static void shell(char **words)
{
	run(words + 1, "/dev/console", OWN_TERMINAL);
}

/* On the console itself, and not by the log, which reaches the console some time later. */
static void announce(const char *program)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return;
	dprintf(fd, "conform: runs %s\n", program);
	tcdrain(fd);
	close(fd);
}

static void exec_program(char **words)
{
	announce(words[1]);
	run(words + 1, "/dev/console", NO_TERMINAL);
}

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void time_program(char **words)
{
	int count = atoi(words[1]), status = 0;
	long begin = now_us();

	for (int i = 0; i < count && status == 0; i++) {
		pid_t child = fork();

		if (child == 0) {
			execv(words[2], words + 2);
			_exit(127);
		}
		if (waitpid(child, &status, 0) < 0)
			break;
	}
	if (status || count < 1)
		say("%s failed", words[2]);
	else
		say("each run took %ld us", (now_us() - begin) / count);
}

static const struct {
	const char *name;
	int words;
	void (*act)(char **words);
} steps[] = {
	{ "load", 2, load },
	{ "bind", 2, bind_devices },
	{ "exec", 2, exec_program },
	{ "serve", 3, serve },
	{ "tell", 2, tell },
	{ "shell", 2, shell },
	{ "time", 3, time_program },
};

static void act(char *line)
{
	char *words[WORDS_MAX + 1] = { NULL };
	int count = 0;

	for (char *word = strtok(line, " "); word && count < WORDS_MAX; word = strtok(NULL, " "))
		words[count++] = word;
	for (size_t i = 0; count > 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		if (strcmp(steps[i].name, words[0]) == 0 && count >= steps[i].words)
			return steps[i].act(words);
	if (count > 0)
		say("there is no step %s with %d words", words[0], count);
}

int main(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	FILE *file;

	prepare();
	file = fopen("/etc/steps", "re");
	if (!file)
		say("there is no /etc/steps");
	while (file && (length = getline(&line, &room, file)) > 0) {
		line[strcspn(line, "\n")] = 0;
		act(line);
	}
	if (serving.process > 0)
		wait_until_over(&serving);
	sync();
	reboot(LINUX_REBOOT_CMD_POWER_OFF);
	return 0;
}
