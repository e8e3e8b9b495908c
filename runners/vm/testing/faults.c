// SPDX-License-Identifier: GPL-2.0
/*
 * Faults to order, to test how virtual machines end. A key of the kernel's own (sysrq) chooses one. Some happen at
 * once, the others to whoever opens the device next, which has the name of that of the suite's own module.
 */
#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/cpu.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/serial_reg.h>
#include <linux/slab.h>
#include <linux/sysrq.h>
#include <linux/workqueue.h>

/* A size that nothing else has. */
#define LOST_BYTES 2777

/* Where the first serial line of a PC is. */
#define UART_PORT 0x3f8

static char fault;
static char page[16 * PAGE_SIZE];
static struct task_struct *threads[NR_CPUS];
static atomic_t met = ATOMIC_INIT(0);
static bool all_met;

/* Nothing ends this but the end of the machine. */
static void spin(void)
{
	preempt_disable();
	for (;;)
		cpu_relax();
}

/*
 * Says something over the serial line itself. What is said to the kernel's log is written out by a thread, which may
 * wait for a processor that never becomes free.
 */
static void say_by_wire(const char *text)
{
	for (; *text; text++) {
		while (!(inb(UART_PORT + UART_LSR) & UART_LSR_THRE))
			cpu_relax();
		outb(*text, UART_PORT + UART_TX);
	}
}

/* Comes back when all processors are in here, of which none does anything else from then on. */
static void meet_all_others(void)
{
	preempt_disable();
	if (atomic_inc_return(&met) == num_online_cpus()) {
		say_by_wire("\r\nevery processor is taken\r\n");
		smp_store_release(&all_met, true);
	}
	while (!smp_load_acquire(&all_met))
		cpu_relax();
}

static int spin_thread(void *unused)
{
	meet_all_others();
	spin();
	return 0;
}

static int flood_thread(void *unused)
{
	for (unsigned long count = 0;; count++) {
		pr_err("a kernel that says too much: %lu\n", count);
		cond_resched();
	}
	return 0;
}

/* Like spin_thread, but with something to say all the time. */
static int talk_thread(void *unused)
{
	meet_all_others();
	for (;;)
		pr_err("a kernel that does nothing but say too much\n");
	return 0;
}

static void fill(void)
{
	struct file *file = filp_open("/tmp/full", O_CREAT | O_WRONLY, 0600);
	loff_t at = 0;

	if (IS_ERR(file))
		return;
	while (kernel_write(file, page, sizeof(page), &at) == sizeof(page))
		cond_resched();
	pr_err("the disk is full\n");
	filp_close(file, NULL);
}

/* Nothing points to it any more when this returns. */
static noinline void lose(void)
{
	char *lost = kmalloc(LOST_BYTES, GFP_KERNEL);

	barrier_data(lost);
}

/* Nobody is interrupted by one of the threads before all of them are awake. */
static void everywhere(int (*what)(void *), const char *name)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		threads[cpu] = kthread_create_on_cpu(what, NULL, cpu, name);
	preempt_disable();
	for_each_online_cpu(cpu)
		if (!IS_ERR(threads[cpu]))
			wake_up_process(threads[cpu]);
	preempt_enable();
}

static void begin(struct work_struct *unused)
{
	switch (fault) {
	case 'A':
		everywhere(spin_thread, "spin/%u");
		break;
	case 'N':
		everywhere(talk_thread, "talk/%u");
		break;
	case 'F':
		kthread_run(flood_thread, NULL, "flood");
		break;
	}
}
static DECLARE_WORK(work, begin);

static void choose(u8 key)
{
	fault = key;
	schedule_work(&work);
}

static int open_fault(struct inode *inode, struct file *file)
{
	DECLARE_COMPLETION_ONSTACK(never);

	switch (fault) {
	case 'O':
		*(int *)8 = 1;
		break;
	case 'W':
		WARN(1, "a warning to order\n");
		break;
	case 'B':
		wait_for_completion(&never);
		break;
	case 'L':
		spin();
		break;
	case 'T':
		fill();
		break;
	case 'M':
		lose();
		break;
	case 'X':
		kthread_run(flood_thread, NULL, "flood");
		wait_for_completion(&never);
		break;
	}
	return 0;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = open_fault,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "dmabuf-conform",
	.fops = &operations,
};

static const struct sysrq_key_op operation = {
	.handler = choose,
	.help_msg = "fault",
	.action_msg = "Fault to order",
	.enable_mask = SYSRQ_ENABLE_DUMP,
};

static int __init faults_init(void)
{
	for (const char *key = "AFNTOWBLXM"; *key; key++)
		if (register_sysrq_key(*key, &operation))
			pr_err("the key %c is taken\n", *key);
	return misc_register(&device);
}
module_init(faults_init);

MODULE_DESCRIPTION("Faults to order");
MODULE_LICENSE("GPL");
