// SPDX-License-Identifier: GPL-2.0
/*
 * The devices that import: the module's own, and PCI devices, which an administrator binds to this driver by its
 * driver_override.
 */
#include <linux/dma-mapping.h>
#include <linux/pci.h>
#include "importer.h"

/* Every importer on a device that can be taken away. */
LIST_HEAD(conform_pci_importers);
DEFINE_MUTEX(conform_pci_lock);

static struct pci_driver conform_pci;

static int pci_bound(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int ret = pcim_enable_device(pdev);

	if (ret)
		return ret;
	pci_set_master(pdev);
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (!ret)
		pci_set_drvdata(pdev, &conform_pci);
	return ret;
}

static struct importer *first_on(struct device *dev)
{
	struct importer *importer, *found = NULL;

	mutex_lock(&conform_pci_lock);
	list_for_each_entry(importer, &conform_pci_importers, on_device) {
		if (importer->dev == dev && kref_get_unless_zero(&importer->obj.ref)) {
			found = importer;
			break;
		}
	}
	mutex_unlock(&conform_pci_lock);
	return found;
}

/* The device goes: whatever it holds of a buffer is given back. */
static void pci_unbound(struct pci_dev *pdev)
{
	struct importer *importer;

	mutex_lock(&conform_pci_lock);
	pci_set_drvdata(pdev, NULL);
	mutex_unlock(&conform_pci_lock);
	while ((importer = first_on(&pdev->dev))) {
		conform_importer_shut_down(&importer->obj);
		conform_obj_put(&importer->obj);
	}
}

static const struct pci_device_id no_ids[] = { {} };

static struct pci_driver conform_pci = {
	.name = "dmabuf-conform",
	.id_table = no_ids,
	.probe = pci_bound,
	.remove = pci_unbound,
};

/* A PCI device can be used once it is bound to this module's driver, which owns its DMA then. */
struct device *conform_importer_device(const struct conform_attach *arg)
{
	unsigned int domain, bus, slot, function;
	struct pci_dev *pdev;

	if (arg->flags & CONFORM_ATTACH_NO_DEVICE)
		return NULL;
	if (!arg->device[0])
		return get_device(conform_own_device);
	if (!memchr(arg->device, 0, sizeof(arg->device)) ||
	    sscanf(arg->device, "%x:%x:%x.%x", &domain, &bus, &slot, &function) != 4)
		return ERR_PTR(-EINVAL);
	pdev = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, function));
	if (!pdev)
		return ERR_PTR(-ENXIO);
	if (pci_dev_driver(pdev) == &conform_pci && pci_get_drvdata(pdev))
		return &pdev->dev;
	pci_dev_put(pdev);
	return ERR_PTR(-EPERM);
}

int conform_importer_init(void)
{
	return pci_register_driver(&conform_pci);
}

void conform_importer_exit(void)
{
	pci_unregister_driver(&conform_pci);
}
