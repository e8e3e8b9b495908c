// SPDX-License-Identifier: GPL-2.0
/*
 * The configuration space of the reference device, and the events that revoke its buffers for a while: a write that
 * disables memory, a power state, a reset, low power.
 */
#include <linux/eventfd.h>
#include <linux/mm.h>
#include <linux/pci_regs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "bugs.h"
#include "device.h"

#define PM_CAP		0x40
#define EXP_CAP		0x50
#define AF_CAP		0xa0
#define PMCSR		(PM_CAP + PCI_PM_CTRL)
#define DEVCTL		(EXP_CAP + PCI_EXP_DEVCTL)
#define AF_CONTROL	(AF_CAP + PCI_AF_CTRL)

static void put16(struct conform_device *device, unsigned int at, u16 value)
{
	device->config[at] = value;
	device->config[at + 1] = value >> 8;
}

static void put32(struct conform_device *device, unsigned int at, u32 value)
{
	put16(device, at, value);
	put16(device, at + 2, value >> 16);
}

static u8 power_state(const struct conform_device *device)
{
	return device->config[PMCSR] & PCI_PM_CTRL_STATE_MASK;
}

/* As vfio-pci has it: D0 to D2, and the memory bit, which a virtual function does not have. */
bool conform_memory_enabled(const struct conform_device *device)
{
	bool bit = device->config[PCI_COMMAND] & PCI_COMMAND_MEMORY;

	if (power_state(device) >= 3 && !conform_bug(BUG_ENABLE_IN_D3HOT))
		return false;
	return bit || (device->flags & CONFORM_DEVICE_VIRTUAL);
}

/* The state in which a session finds the device: memory enabled, power D0. */
void conform_config_reset(struct conform_device *device)
{
	memset(device->config, 0, sizeof(device->config));
	put16(device, PCI_VENDOR_ID, 0x1b36);	/* as QEMU's own devices; nothing looks at it */
	put16(device, PCI_DEVICE_ID, 0x00cf);
	put16(device, PCI_COMMAND, PCI_COMMAND_MEMORY);
	put16(device, PCI_STATUS, PCI_STATUS_CAP_LIST);
	device->config[PCI_CAPABILITY_LIST] = PM_CAP;
	put16(device, PM_CAP, PCI_CAP_ID_PM | EXP_CAP << 8);
	put16(device, PM_CAP + PCI_PM_PMC, 3);
	put16(device, EXP_CAP, PCI_CAP_ID_EXP | AF_CAP << 8);
	put16(device, EXP_CAP + PCI_EXP_FLAGS, 2);
	if (device->flags & CONFORM_DEVICE_FLR)
		put32(device, EXP_CAP + PCI_EXP_DEVCAP, PCI_EXP_DEVCAP_FLR);
	put16(device, AF_CAP, PCI_CAP_ID_AF);
	device->config[AF_CAP + PCI_AF_LENGTH] = PCI_CAP_AF_SIZEOF;
	if (device->flags & CONFORM_DEVICE_FLR)
		device->config[AF_CAP + PCI_AF_CAP] = PCI_AF_CAP_TP | PCI_AF_CAP_FLR;
	device->low_power = false;
	device->last_revoked = false;
}

void conform_zap_bars(struct conform_device *device)
{
	unmap_mapping_range(device->inode->i_mapping, 0, 0, 1);
}

static void enable_if_on(struct conform_device *device)
{
	if (conform_memory_enabled(device))
		conform_move_buffers(device, STATUS_OK);
}

static int take_failure(struct conform_device *device, u32 request)
{
	int error = device->fail[request];

	device->fail[request] = 0;
	return -error;
}

/* A write that starts at the lower byte of the command register. */
static int write_command(struct conform_device *device, unsigned int at, const u8 *bytes, size_t size)
{
	bool is_lower = at == PCI_COMMAND;
	int ret;

	if (is_lower && !(bytes[0] & PCI_COMMAND_MEMORY)) {
		conform_zap_bars(device);
		conform_move_buffers(device, STATUS_TEMP);
	}
	ret = take_failure(device, CONFORM_FAIL_CONFIG_WRITE);
	if (ret)
		return ret;
	memcpy(&device->config[at], bytes, min_t(size_t, size, PCI_STATUS - at));
	if (is_lower)
		enable_if_on(device);
	return 0;
}

static int write_power(struct conform_device *device, u8 value)
{
	bool goes_down = (value & PCI_PM_CTRL_STATE_MASK) >= 3;
	int ret;

	if (goes_down && !conform_bug(BUG_POWER_DOWN)) {
		conform_zap_bars(device);
		conform_move_buffers(device, STATUS_TEMP);
	}
	ret = take_failure(device, CONFORM_FAIL_CONFIG_WRITE);
	if (ret)
		return ret;
	device->config[PMCSR] = value;
	if (!goes_down && !conform_bug(BUG_POWER_UP))
		enable_if_on(device);
	return 0;
}

/* Every reset begins so. */
void conform_power_up(struct conform_device *device)
{
	device->config[PMCSR] &= ~PCI_PM_CTRL_STATE_MASK;
}

static int reset_hardware(struct conform_device *device)
{
	conform_power_up(device);
	return take_failure(device, CONFORM_FAIL_RESET);
}

/* The bracket around every reset: revoked before, usable after if memory is enabled, also when the reset fails. */
static int reset_locked(struct conform_device *device, bool revokes)
{
	int ret;

	conform_zap_bars(device);
	if (revokes)
		conform_move_buffers(device, STATUS_TEMP);
	ret = reset_hardware(device);
	if (conform_bug(BUG_RESET_ALWAYS))
		conform_move_buffers(device, STATUS_OK);
	else
		enable_if_on(device);
	return ret;
}

int conform_reset(struct conform_device *device)
{
	int ret;

	if (device->flags & CONFORM_DEVICE_NO_RESET)
		return -EINVAL;
	down_write(&device->memory_lock);
	ret = reset_locked(device, !conform_bug(BUG_RESET_NO_REVOKE));
	up_write(&device->memory_lock);
	return ret;
}

static int write_flr(struct conform_device *device, bool asked)
{
	int ret = take_failure(device, CONFORM_FAIL_CONFIG_WRITE);

	if (!ret && asked && (device->flags & CONFORM_DEVICE_FLR))
		reset_locked(device, !conform_bug(BUG_FLR_NO_REVOKE));
	return ret;
}

static int write_register(struct conform_device *device, u64 at, const u8 *bytes, size_t size)
{
	switch (at) {
	case PCI_COMMAND:
	case PCI_COMMAND + 1:
		return write_command(device, at, bytes, size);
	case PMCSR:
		return write_power(device, bytes[0]);
	case DEVCTL:
		return write_flr(device, size > 1 && bytes[1] & PCI_EXP_DEVCTL_BCR_FLR >> 8);
	case AF_CONTROL:
		return write_flr(device, bytes[0] & PCI_AF_CTRL_FLR);
	default:
		return 0;
	}
}

ssize_t conform_config_write(struct conform_device *device, const char __user *from, size_t size, u64 at)
{
	u8 bytes[4];
	int ret;

	size = min(size, sizeof(bytes));
	if (at >= CONFIG_SIZE || size > CONFIG_SIZE - at)
		return -EFAULT;
	if (copy_from_user(bytes, from, size))
		return -EFAULT;
	down_write(&device->memory_lock);
	ret = write_register(device, at, bytes, size);
	up_write(&device->memory_lock);
	return ret ?: size;
}

/* A read waits for no event: as of VFIO, whose configuration space has no lock. */
ssize_t conform_config_read(struct conform_device *device, char __user *to, size_t size, u64 at)
{
	u8 bytes[CONFIG_SIZE];

	if (at >= CONFIG_SIZE)
		return -EFAULT;
	size = min_t(size_t, size, CONFIG_SIZE - at);
	memcpy(bytes, &device->config[at], size);
	return copy_to_user(to, bytes, size) ? -EFAULT : size;
}

int conform_low_power_entry(struct conform_device *device, struct eventfd_ctx *wakeup)
{
	int ret = 0;

	down_write(&device->memory_lock);
	if (device->low_power && !conform_bug(BUG_SECOND_ENTRY)) {
		ret = -EINVAL;
	} else {
		conform_zap_bars(device);
		if (!conform_bug(BUG_LOW_POWER_NO_REVOKE))
			conform_move_buffers(device, STATUS_TEMP);
		device->low_power = true;
		swap(device->wakeup, wakeup);
	}
	up_write(&device->memory_lock);
	if (wakeup)
		eventfd_ctx_put(wakeup);
	return ret;
}

void conform_low_power_exit(struct conform_device *device)
{
	struct eventfd_ctx *wakeup = NULL;

	down_write(&device->memory_lock);
	device->low_power = false;
	swap(device->wakeup, wakeup);
	enable_if_on(device);
	up_write(&device->memory_lock);
	if (wakeup)
		eventfd_ctx_put(wakeup);
}
