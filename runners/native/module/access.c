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
#include "module.h"

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

int conform_sgt_access(struct device *dev, struct sg_table *sgt, struct conform_access *access)
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
