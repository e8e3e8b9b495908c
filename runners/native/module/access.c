// SPDX-License-Identifier: GPL-2.0
/*
 * What the importer's device would read or write through a mapping: the DMA address is followed to memory by the way
 * that the device's IOMMU goes, so that an address that was taken away gives nothing.
 *
 * The pages of a scatterlist are never looked at. They are not the importer's business, and may not be there.
 */
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/iommu.h>
#include <linux/scatterlist.h>
#include "importer.h"

static bool find_address(struct sg_table *sgt, u64 offset, u32 size, dma_addr_t *address)
{
	struct scatterlist *sg;
	int i;

	for_each_sgtable_dma_sg(sgt, sg, i) {
		u64 length = sg_dma_len(sg);

		if (offset < length) {
			*address = sg_dma_address(sg) + offset;
			return size <= length - offset;
		}
		offset -= length;
	}
	return false;
}

static phys_addr_t physical(struct device *dev, dma_addr_t address)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain ? iommu_iova_to_phys(domain, address) : (phys_addr_t)address;
}

static void copy(void *memory, struct conform_access *access)
{
	if (access->write)
		memcpy(memory, &access->value, access->size);
	else
		memcpy(&access->value, memory, access->size);
}

static int access_io(phys_addr_t at, struct conform_access *access)
{
	void __iomem *io = ioremap(at, access->size);

	if (!io)
		return -EIO;
	if (access->write)
		memcpy_toio(io, &access->value, access->size);
	else
		memcpy_fromio(&access->value, io, access->size);
	iounmap(io);
	return 0;
}

static int access_sgt(struct device *dev, struct sg_table *sgt, struct conform_access *access)
{
	dma_addr_t address;
	phys_addr_t at;
	void *page;

	if (!find_address(sgt, access->offset, access->size, &address))
		return -EINVAL;
	if (offset_in_page(address) + access->size > PAGE_SIZE)
		return -EINVAL;
	at = physical(dev, address);
	if (!at)
		return -EIO;
	if (!pfn_valid(PHYS_PFN(at)))
		return access_io(at, access);
	page = kmap_local_page(pfn_to_page(PHYS_PFN(at)));
	copy(page + offset_in_page(at), access);
	kunmap_local(page);
	return 0;
}

static int access_mapping(struct mapping *mapping, struct conform_access *arg)
{
	int ret = -EIO;

	mutex_lock(&mapping->lock);
	if (mapping->sgt)
		ret = access_sgt(mapping->importer->dev, mapping->sgt, arg);
	mutex_unlock(&mapping->lock);
	return ret;
}

static int access_vmapping(struct vmapping *vmapping, struct conform_access *arg)
{
	u64 size = vmapping->importer->size;
	int ret = -EIO;

	if (arg->offset > size || arg->size > size - arg->offset)
		return -EINVAL;
	mutex_lock(&vmapping->lock);
	if (vmapping->live) {
		if (arg->write)
			iosys_map_memcpy_to(&vmapping->map, arg->offset, &arg->value, arg->size);
		else
			iosys_map_memcpy_from(&arg->value, &vmapping->map, arg->offset, arg->size);
		ret = 0;
	}
	mutex_unlock(&vmapping->lock);
	return ret;
}

int conform_access(struct conform_call *call)
{
	struct conform_access *arg = call->arg;
	struct conform_obj *obj;
	int ret;

	if (!arg->size || arg->size > sizeof(arg->value) || arg->write > 1)
		return -EINVAL;
	if (!arg->write)
		arg->value = 0;
	obj = conform_obj_find(call->session, arg->id, CONFORM_TYPE_MAPPING);
	if (obj) {
		ret = access_mapping(container_of(obj, struct mapping, obj), arg);
		conform_obj_put(obj);
		return ret;
	}
	obj = conform_obj_find(call->session, arg->id, CONFORM_TYPE_VMAPPING);
	if (!obj)
		return -ENOENT;
	ret = access_vmapping(container_of(obj, struct vmapping, obj), arg);
	conform_obj_put(obj);
	return ret;
}

int conform_cpu_access(struct conform_call *call)
{
	static const enum dma_data_direction directions[] = { DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE };
	struct conform_cpu_access *arg = call->arg;
	struct importer *importer;
	struct dma_buf *dmabuf;
	int ret;

	if (arg->direction >= ARRAY_SIZE(directions) || arg->end > 1)
		return -EINVAL;
	importer = conform_importer_find(call, arg->attachment);
	if (!importer)
		return -ENOENT;
	dmabuf = conform_importer_buffer(importer);
	conform_obj_put(&importer->obj);
	if (!dmabuf)
		return -EINVAL;
	if (arg->end)
		ret = dma_buf_end_cpu_access(dmabuf, directions[arg->direction]);
	else
		ret = dma_buf_begin_cpu_access(dmabuf, directions[arg->direction]);
	dma_buf_put(dmabuf);
	return ret;
}
