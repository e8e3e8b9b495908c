// SPDX-License-Identifier: GPL-2.0
/*
 * The regions of a reference device: reads, writes and mappings. All mappings are in one address space of the device's
 * own, so that they can be zapped together.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include "compat.h"
#include "device.h"

/* A page at most at a time, so that nothing is copied with the lock held. */
static int access_page(struct conform_device *device, u32 bar, u64 at, u8 *bytes, size_t size, bool write)
{
	struct page *page = device->bar[bar]->page[at >> PAGE_SHIFT];
	void *memory;
	int ret = 0;

	down_read(&device->memory_lock);
	if (!conform_memory_enabled(device)) {
		ret = -EIO;
	} else {
		memory = kmap_local_page(page) + offset_in_page(at);
		if (write)
			memcpy(memory, bytes, size);
		else
			memcpy(bytes, memory, size);
		kunmap_local(memory);
	}
	up_read(&device->memory_lock);
	return ret;
}

static ssize_t access_bar(struct conform_device *device, u32 bar, u64 at, char __user *to, const char __user *from,
			  size_t size)
{
	u8 *bytes;
	ssize_t ret;

	if (bar >= BARS || device->bar_kind[bar] != CONFORM_BAR_MEMORY || at >= device->bar_size[bar])
		return -EINVAL;
	size = min_t(u64, size, device->bar_size[bar] - at);
	size = min_t(size_t, size, PAGE_SIZE - offset_in_page(at));
	bytes = kmalloc(PAGE_SIZE, GFP_KERNEL);
	if (!bytes)
		return -ENOMEM;
	ret = -EFAULT;
	if (from && copy_from_user(bytes, from, size))
		goto out;
	ret = access_page(device, bar, at, bytes, size, from);
	if (!ret)
		ret = to && copy_to_user(to, bytes, size) ? -EFAULT : size;
out:
	kfree(bytes);
	return ret;
}

ssize_t conform_region_read(struct conform_device *device, char __user *to, size_t size, loff_t *position)
{
	u64 at = *position & ((1ull << REGION_SHIFT) - 1);
	u32 region = *position >> REGION_SHIFT;
	ssize_t ret;

	if (region == CONFIG_REGION)
		ret = conform_config_read(device, to, size, at);
	else
		ret = access_bar(device, region, at, to, NULL, size);
	if (ret > 0)
		*position += ret;
	return ret;
}

ssize_t conform_region_write(struct conform_device *device, const char __user *from, size_t size, loff_t *position)
{
	u64 at = *position & ((1ull << REGION_SHIFT) - 1);
	u32 region = *position >> REGION_SHIFT;
	ssize_t ret;

	if (region == CONFIG_REGION)
		ret = conform_config_write(device, from, size, at);
	else
		ret = access_bar(device, region, at, NULL, from, size);
	if (ret > 0)
		*position += ret;
	return ret;
}

static vm_fault_t fault(struct vm_fault *vmf)
{
	struct conform_device *device = vmf->vma->vm_private_data;
	u32 bar = vmf->pgoff >> (REGION_SHIFT - PAGE_SHIFT);
	u64 page = vmf->pgoff & ((1ull << (REGION_SHIFT - PAGE_SHIFT)) - 1);
	vm_fault_t ret = VM_FAULT_SIGBUS;

	down_read(&device->memory_lock);
	if (conform_memory_enabled(device) && !device->low_power && page < device->bar[bar]->pages)
		ret = vmf_insert_pfn(vmf->vma, vmf->address, page_to_pfn(device->bar[bar]->page[page]));
	up_read(&device->memory_lock);
	return ret;
}

static const struct vm_operations_struct vm_ops = { .fault = fault };

int conform_region_mmap(struct conform_device *device, struct vm_area_struct *vma)
{
	u64 first = vma->vm_pgoff & ((1ull << (REGION_SHIFT - PAGE_SHIFT)) - 1);
	u64 bar = vma->vm_pgoff >> (REGION_SHIFT - PAGE_SHIFT);

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (bar >= BARS || device->bar_kind[bar] != CONFORM_BAR_MEMORY)
		return -EINVAL;
	if (first + vma_pages(vma) > device->bar[bar]->pages)
		return -EINVAL;
	conform_vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &vm_ops;
	vma->vm_private_data = device;
	return 0;
}
